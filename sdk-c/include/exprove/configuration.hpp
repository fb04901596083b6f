/* SPDX-License-Identifier: Apache-2.0
 *
 * A manifest's lines, and a session's configuration held against them, in C++17.
 */
#ifndef EXPROVE_CONFIGURATION_HPP
#define EXPROVE_CONFIGURATION_HPP

#include <exprove/reading.hpp>

#include <map>
#include <vector>

namespace exprove {

/* The text of EXPROVE_MANIFEST, line by line. */
class manifest_text {
 public:
  explicit manifest_text(std::string_view text) : text_(text) {}

  /* Calls `body` with the value of each line `key: value`. */
  template <class Body>
  void each(std::string_view key, Body body) const {
    for (std::string_view rest = text_; !rest.empty();) {
      size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      if (line.size() <= key.size() || line.substr(0, key.size()) != key || line[key.size()] != ':') continue;
      std::string_view value = line.substr(key.size() + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
      body(value);
    }
  }
  std::string_view value(std::string_view key) const {
    std::string_view found;
    each(key, [&](std::string_view value) { found = value; });
    return found;
  }
  bool names(std::string_view key, std::string_view wanted) const {
    bool found = false;
    each(key, [&](std::string_view value) { found = found || value == wanted; });
    return found;
  }
  size_t count(std::string_view key) const {
    size_t lines = 0;
    each(key, [&](std::string_view) { lines++; });
    return lines;
  }

 private:
  std::string_view text_;
};

constexpr int64_t nanoseconds_a_day = INT64_C(86400000000000);

/* Venue times without a date: nanoseconds after the venue's midnight as nanoseconds since 1970. */
struct time_of_day {
  int64_t day_start;
  int64_t operator()(uint64_t nanoseconds, uint64_t at = 0) const {
    if (nanoseconds >= static_cast<uint64_t>(nanoseconds_a_day)) throw malformed{EXPROVE_MALFORMED_RANGE, at};
    return day_start + static_cast<int64_t>(nanoseconds);
  }
};

/* The first word, taken off `rest` with the blanks behind it. */
inline std::string_view word(std::string_view &rest) {
  size_t end = rest.find(' ');
  std::string_view first = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return first;
}

/* What `create` was given, checked against the manifest: settings have their default or a value of their type. */
class configuration {
 public:
  configuration(const exprove_config *given, const manifest_text &manifest) {
    if (given == nullptr || given->struct_size < sizeof *given) refuse("config: none, or one that is cut");
    if (given->settings_count > 0 && given->settings == nullptr) refuse("config: settings without memory");
    static constexpr std::string_view framings[] = {"", "length16", "line", "packet", "message"};
    static constexpr std::string_view channels[] = {"", "market-data", "order-entry"};
    if (given->framing == 0 || given->framing > 4 || !manifest.names("framing", framings[given->framing])) {
      throw failure(EXPROVE_NOT_IMPLEMENTED, "framing: not one that the manifest names");
    }
    if (given->channel == 0 || given->channel > 2 || !manifest.names("channel", channels[given->channel])) {
      throw failure(EXPROVE_NOT_IMPLEMENTED, "channel: not one that the manifest names");
    }
    framing_ = given->framing;
    channel_ = given->channel;
    day_start_ = given->day_start;
    seed_ = given->seed;
    if (day_start_ < 0 || day_start_ > INT64_MAX - nanoseconds_a_day) refuse("day_start: not between 1970 and 2262");
    take_defaults(manifest);
    for (uint32_t i = 0; i < given->settings_count; i++) {
      const exprove_setting &one = given->settings[i];
      if (one.key == nullptr || one.value == nullptr) refuse("settings: one without key or value");
      auto known = settings_.find(std::string_view(one.key));
      if (known == settings_.end()) refuse("setting " + std::string(one.key) + ": the manifest has none of that name");
      known->second.value = one.value;
      known->second.is_given = true;
    }
    for (const auto &entry : settings_) check(entry.first, entry.second);
  }

  uint32_t framing() const noexcept { return framing_; }
  uint32_t channel() const noexcept { return channel_; }
  bool is_order_entry() const noexcept { return channel_ == EXPROVE_CHANNEL_ORDER_ENTRY; }
  /* The venue's local midnight, nanoseconds since 1970; 0 when its times have a date. */
  int64_t day_start() const noexcept { return day_start_; }
  exprove::time_of_day time_of_day() const noexcept { return {day_start_}; }
  /* The only entropy there is. */
  uint64_t seed() const noexcept { return seed_; }

  /* A setting of the manifest: as it was given, or its default. */
  const std::string &text(std::string_view key) const { return find(key).value; }
  int64_t integer(std::string_view key) const { return number(key, find(key).value); }

 private:
  struct setting {
    std::string type, value;
    std::vector<std::pair<std::string, std::string>> schema;
    bool is_given = false;
  };

  [[noreturn]] static void refuse(const std::string &text) { throw failure(EXPROVE_INVALID_ARGUMENT, text); }

  void take_defaults(const manifest_text &manifest) {
    manifest.each("setting", [&](std::string_view rest) {
      std::string_view key = word(rest), type = word(rest), value = word(rest);
      settings_[std::string(key)] = setting{std::string(type), value == "\"\"" ? "" : std::string(value), {}, false};
    });
    manifest.each("schema", [&](std::string_view rest) {
      auto found = settings_.find(word(rest));
      std::string_view rule = word(rest);
      if (found != settings_.end()) found->second.schema.emplace_back(rule, rest);
    });
  }
  const setting &find(std::string_view key) const {
    auto found = settings_.find(key);
    if (found == settings_.end()) throw failure(EXPROVE_INTERNAL, "no setting " + std::string(key) + " in the manifest");
    return found->second;
  }
  static int64_t number(std::string_view key, const std::string &value) {
    try {
      return decimal(value, 0);
    } catch (const malformed &) {
      refuse("setting " + std::string(key) + ": “" + value + "” is no integer");
    }
  }
  static void check(const std::string &key, const setting &s) {
    const std::string what = "setting " + key + ": “" + s.value + "” ";
    if (s.type == "integer") number(key, s.value);
    if (s.type.rfind("choice(", 0) == 0) {
      std::string all = "|" + s.type.substr(7, s.type.size() - 8) + "|";
      bool is_word = !s.value.empty() && s.value.find('|') == std::string::npos;
      if (!is_word || all.find("|" + s.value + "|") == std::string::npos) refuse(what + "is none of " + s.type.substr(6));
    }
    for (const auto &[rule, argument] : s.schema) {
      if (rule == "required" && !s.is_given) refuse("setting " + key + ": it must be given");
      if (rule != "range" && rule != "length") continue;
      size_t dots = argument.find("..");
      if (dots == std::string::npos) continue;
      int64_t low = decimal(std::string_view(argument).substr(0, dots), 0);
      int64_t high = decimal(std::string_view(argument).substr(dots + 2), 0);
      int64_t value = rule == "range" ? number(key, s.value) : static_cast<int64_t>(s.value.size());
      if (value < low || value > high) refuse(what + "is not within " + rule + " " + argument);
    }
  }

  uint32_t framing_ = 0, channel_ = 0;
  int64_t day_start_ = 0;
  uint64_t seed_ = 0;
  std::map<std::string, setting, std::less<>> settings_;
};

}  // namespace exprove

#endif /* EXPROVE_CONFIGURATION_HPP */
