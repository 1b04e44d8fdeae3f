#pragma once

#include "inference/grammar.h"

#include <nlohmann/json.hpp>

#include <memory>

namespace sluice::inference {

/// The grammar of the JSON texts that satisfy `schema`, in the one spelling of json_grammar.h.
///
/// Understood of JSON Schema (2020-12):
/// - true, false, {} (any value);
/// - type, one or a list: object, array, string, integer, number, boolean, null;
/// - properties, written in the schema's order, those that are not required left out at will;
///   required; additionalProperties: without properties a map of such values, else false, true or
///   absent (no others are ever written);
/// - items, minItems, maxItems; minLength, maxLength (in code points);
/// - minimum, maximum, exclusiveMinimum, exclusiveMaximum; of "number" whole bounds below 10^9;
/// - enum and const, beside them only type; anyOf, alone;
/// - $ref, alone, to "#", "#/$defs/NAME" or "#/definitions/NAME"; within itself at most
///   GrammarLimits::recursion times;
/// - ignored: title, description, default, examples, $schema, $comment.
/// Whatever else a schema says, it is refused: nothing is left unheeded.
///
/// Errors: invalid_argument with the JSON pointer of the place (what is not understood,
/// contradictions, no value at all, beyond `limits`). Takes time and memory in proportion to
/// the states that `limits` has.
[[nodiscard]] Result<std::shared_ptr<const CompiledGrammar>> json_schema_grammar(
    const nlohmann::ordered_json& schema, const GrammarLimits& limits = {});

}  // namespace sluice::inference
