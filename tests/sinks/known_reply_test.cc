// What is checked: what is known of a reply before there is one is true of every reply: it has each
// known attribute with its value, and no attribute that is neither known nor open. Method: replies
// made of a completion, as the sinks make them; for InferenceSinks a table of specs.

#include "sinks/known_reply_spec.h"

#include "sinks/inference_reply.h"
#include "tests/support/events.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sluice {
namespace {

std::map<std::string, std::string> known_of(const KnownReply& known) {
  std::map<std::string, std::string> out;
  known.event->for_each_attribute([&](const Attribute& attribute) {
    if (!known.is_open(attribute.name)) out.emplace(attribute.name, attribute.value);
  });
  return out;
}

TEST(KnownReply, IsTrueOfWhatAModelAnswers) {
  const EventPtr cause =
      make_event("c1", {{"partitionkey", "k"}, {"traceparent", "t"}, {"tracestate", "s"}});
  InferenceServiceSpec spec;
  spec.name = "qwen";
  const KnownReply known = known_reply(spec);
  InferenceReply made;
  made.source = "/default/inferenceservices/qwen";
  made.type = kCompletionType;
  made.model = "qwen";
  const auto reply = make_inference_reply(*cause, made, inference::Completion());
  ASSERT_TRUE(reply) << reply.error().detail;
  for (const auto& [name, value] : known_of(known)) {
    EXPECT_EQ(reply.value()->attribute(name), value) << name;
  }
  reply.value()->for_each_attribute([&](const Attribute& attribute) {
    EXPECT_TRUE(known.is_open(attribute.name) || known.event->attribute(attribute.name))
        << attribute.name;
  });
  EXPECT_EQ(known.event->specversion(), reply.value()->specversion());
}

InferenceSinkSpec sink_spec() {
  InferenceSinkSpec spec;
  spec.name = "s";
  return spec;
}

TEST(KnownReply, OfAnInferenceSinkHasItsTexts) {
  InferenceSinkSpec spec = sink_spec();
  spec.reply_type = "com.example.t";
  spec.reply_subject = "fixed";
  spec.reply_extensions = {{"a", "1"}, {"b", "{{ output }}"}, {"c", "{{ id }}"}, {"d", ""}};
  const auto replies = known_replies(spec);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(known_of(replies[0]),
            (std::map<std::string, std::string>{{"type", "com.example.t"},
                                                {"source", "/default/inferencesinks/s"},
                                                {"subject", "fixed"},
                                                {"datacontenttype", "text/plain; charset=utf-8"},
                                                {"a", "1"}}));
  EXPECT_TRUE(replies[0].is_open("b"));
  EXPECT_TRUE(replies[0].is_open("c"));
  EXPECT_FALSE(replies[0].is_open("d")) << "it is absent";
}

TEST(KnownReply, IsOneForEachChoiceThatItTells) {
  InferenceSinkSpec spec = sink_spec();
  spec.choices = {"x", "y"};
  spec.reply_extensions = {{"pick", "{{ output }}"}};
  const auto replies = known_replies(spec);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].event->attribute("pick"), "x");
  EXPECT_EQ(replies[1].event->attribute("pick"), "y");
  spec.reply_extensions.clear();
  EXPECT_EQ(known_replies(spec).size(), 1U);
  spec.choices.assign(1000, "x");
  spec.reply_type = "{{ output }}";
  EXPECT_TRUE(known_replies(spec).empty()) << "too many to tell apart";
}

TEST(KnownReply, IsNoneWhereTheTypeIsNotKnown) {
  for (const char* type : {"{{ output }}", "a.{{ type }}", "{{ data.x }}", " ", "{{"}) {
    InferenceSinkSpec spec = sink_spec();
    spec.reply_type = type;
    EXPECT_TRUE(known_replies(spec).empty()) << type;
  }
}

TEST(KnownReply, LeavesTheSourceOpenThatDependsOnTheCause) {
  InferenceSinkSpec spec = sink_spec();
  spec.reply_source = "/of/{{ id }}";
  const auto replies = known_replies(spec);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].is_open("source"));
}

}  // namespace
}  // namespace sluice
