// tokenizer_driver DIR [--text]: reads one JSON string a line, writes its token ids as a JSON
// array, as Hugging Face's tokenizers give them by default, or with --text as of untrusted text.
// For tools/inference/fuzz_tokenizer.py and for a look by hand.
#include "inference/tokenizer.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: tokenizer_driver DIR [--text]\n";
    return 2;
  }
  const auto tokenizer = sluice::inference::Tokenizer::load(argv[1]);
  if (!tokenizer) {
    std::cerr << tokenizer.error().detail << '\n';
    return 1;
  }
  const bool is_text = argc > 2 && std::string(argv[2]) == "--text";
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto text = nlohmann::json::parse(line).get<std::string>();
    const auto ids =
        is_text ? tokenizer.value().encode(text) : tokenizer.value().encode_with_controls(text);
    std::cout << nlohmann::json(ids).dump() << '\n';
  }
  return 0;
}
