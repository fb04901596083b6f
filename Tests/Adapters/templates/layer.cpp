// SPDX-License-Identifier: Apache-2.0
//
// Tests of exprove/adapter.hpp through the C table, as a host calls it: exceptions, settings, names, state, orders.
#include <exprove/adapter.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

EXPROVE_MANIFEST(
    "name: layer\nversion: 1.0.0\nvendor: ExProve tests\nlicence: Apache-2.0\nsummary: A made-up venue.\nabi: 1.1\n"
    "protocol: made-up\nframing: line\nchannel: market-data\nchannel: order-entry\nmax-events: 6\n"
    "message: A\nmessage: B\n"
    "extension: exprove.config/1\nextension: exprove.health/1\nextension: exprove.instruments/1\n"
    "extension: exprove.order_entry/1\n"
    "setting: depth integer 10 levels\nschema: depth range 1..50\n"
    "setting: mode choice(fast|slow) slow how\n"
    "setting: label text \"\" a name\nschema: label length 0..4\n")

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
      std::exit(1);                                                           \
    }                                                                         \
  } while (0)

namespace {

[[noreturn]] void fail(const char *what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// A frame's first letter says what the session does.
struct feed {
  explicit feed(const exprove::configuration &config) : depth(config.integer("depth")), mode(config.text("mode")) {
    if (depth == 13) throw exprove::failure(EXPROVE_INVALID_ARGUMENT, "depth: 13 brings bad luck");
    if (depth == 14) throw std::bad_alloc();
    if (depth == 15) throw 15;
  }
  int64_t depth;
  std::string mode;
  exprove::sequence numbers;
  std::map<std::string, std::vector<std::pair<uint16_t, bool>>> table;
  std::array<int32_t, 2> pair{{-1, 7}};
  uint64_t seen = 0;

  template <class Archive>
  void state(Archive &io) {
    io(numbers, table, pair, seen);
  }
  void decode(const exprove::frame &m, exprove::events &out) {
    switch (m[0]) {
    case 'A': // A<symbol>: an event of an instrument
      out.at(5);
      out.put(EXPROVE_KIND_NOTICE, out.instrument(m.text(1, m.size() - 1), 3, 100));
      out.count(0);
      break;
    case 'B': // names are taken back when the frame turns out to be malformed
      out.count(1);
      out.instrument(m.text(1, m.size() - 1), 3, 100);
      throw exprove::malformed{EXPROVE_MALFORMED_FIELD, 1};
    case 'G': // the gap stays
      numbers.take(m[1], out);
      if (m.size() > 2) throw exprove::malformed{EXPROVE_MALFORMED_LONG, 2};
      break;
    case 'M':
      for (;;) out.notice("MANY");
    case 'N': break;
    case 'T': out.text(m.text(1, m.size() - 1)); break;
    case 'R': out.put(EXPROVE_KIND_NOTICE, 77); break;
    case 'S': table["x"].emplace_back(uint16_t{3}, true), seen++; break;
    case 'X': throw std::runtime_error("broken");
    case 'Y': throw std::bad_alloc();
    case 'Z': throw 1;
    default: throw exprove::unknown{m[0]};
    }
  }
  exprove_status encode(const exprove_order_request &request, std::string &out) const {
    if (request.quantity == 0) throw exprove::failure(EXPROVE_INVALID_ARGUMENT, "quantity: 0");
    out = "ORDER " + std::to_string(request.order_id) + (request.order_type == EXPROVE_ORDER_MARKET ? " M" : " L");
    return EXPROVE_OK;
  }
  void capabilities(exprove_order_capabilities &out) const {
    out.actions = EXPROVE_ORDER_BIT(EXPROVE_ORDER_NEW);
    out.order_types = EXPROVE_ORDER_BIT(EXPROVE_ORDER_LIMIT);
    out.highest_id = 99;
  }
};

} // namespace

EXPROVE_ADAPTER(feed)

namespace {

exprove_adapter table;

struct call {
  std::vector<exprove_event> events = std::vector<exprove_event>(64);
  exprove_batch batch{};
  exprove_status status = EXPROVE_OK;

  call(exprove_session *session, const std::vector<std::string> &texts, uint32_t capacity = 64) {
    std::string bytes;
    std::vector<exprove_frame> frames;
    for (const std::string &text : texts) {
      exprove_frame frame{};
      frame.data = static_cast<uint32_t>(bytes.size());
      frame.length = static_cast<uint32_t>(text.size());
      frames.push_back(frame);
      bytes += text;
    }
    batch.struct_size = sizeof batch;
    batch.frame_count = static_cast<uint32_t>(frames.size());
    batch.bytes = reinterpret_cast<const uint8_t *>(bytes.data());
    batch.bytes_size = bytes.size();
    batch.frames = frames.data();
    batch.events = events.data();
    batch.event_capacity = capacity;
    status = table.decode(session, &batch);
  }
};

struct opened {
  using given = std::vector<exprove_setting>;
  exprove_session *session = nullptr;
  exprove_status status = EXPROVE_OK;
  std::string words;

  explicit opened(const given &settings = {}, uint32_t framing = EXPROVE_FRAMING_LINE) {
    char memory[64];
    exprove_text error = {memory, sizeof memory, 0};
    exprove_config config{};
    config.struct_size = sizeof config;
    config.framing = framing;
    config.channel = EXPROVE_CHANNEL_MARKET_DATA;
    config.settings_count = static_cast<uint32_t>(settings.size());
    config.settings = settings.data();
    status = table.create(&config, &session, &error);
    words.assign(memory, error.size);
    auto *schema = static_cast<const exprove_config_v1 *>(table.extension(EXPROVE_EXTENSION_CONFIG_1));
    CHECK(schema->check(&config, nullptr) == status); // the two agree
  }
  ~opened() { table.destroy(session); }
};

std::vector<uint8_t> saved(exprove_session *session) {
  uint64_t size = 0;
  CHECK(table.save(session, nullptr, 0, &size) == EXPROVE_TOO_SMALL);
  std::vector<uint8_t> bytes(size);
  CHECK(table.save(session, bytes.data(), size, &size) == EXPROVE_OK && size == bytes.size());
  return bytes;
}

void numbers() {
  using exprove::decimal;
  CHECK(decimal("12.50", 4) == 125000 && decimal("-0.0001", 4) == -1 && decimal("7", 0) == 7);
  CHECK(decimal("9223372036854775807", 0) == INT64_MAX && decimal("-9223372036854775808", 0) == INT64_MIN);
  CHECK(decimal("1.500", 1) == 15 && exprove::integer("18446744073709551615") == UINT64_MAX);
  struct {
    const char *text;
    unsigned scale;
    exprove_malformed reason;
  } bad[] = {{"", 0, EXPROVE_MALFORMED_SYNTAX},    {"-", 0, EXPROVE_MALFORMED_SYNTAX},   {".5", 1, EXPROVE_MALFORMED_SYNTAX},
             {"5.", 1, EXPROVE_MALFORMED_SYNTAX},  {"1e3", 0, EXPROVE_MALFORMED_SYNTAX}, {"+1", 0, EXPROVE_MALFORMED_SYNTAX},
             {"1.2.3", 2, EXPROVE_MALFORMED_SYNTAX}, {"1.25", 1, EXPROVE_MALFORMED_RANGE}, {"9223372036854775808", 0, EXPROVE_MALFORMED_RANGE},
             {"922337203685477581", 1, EXPROVE_MALFORMED_RANGE}};
  for (const auto &one : bad) {
    try {
      decimal(one.text, one.scale);
      fail("a decimal that is none");
    } catch (const exprove::malformed &thrown) {
      CHECK(thrown.reason == one.reason);
    }
  }
  const uint8_t raw[] = {0xFF, 0xFE, 0x00, 0x01};
  exprove::bytes b(raw, sizeof raw);
  CHECK(b.big<uint16_t>(0) == 0xFFFE && b.little<uint16_t>(2) == 0x0100 && b.big<int32_t>(0, 2) == -2);
  CHECK(b.big<uint32_t>(1, 3) == 0xFE0001);
  try {
    b.big<uint32_t>(1);
    fail("beyond the end");
  } catch (const exprove::malformed &thrown) {
    CHECK(thrown.reason == EXPROVE_MALFORMED_SHORT && thrown.at == 4);
  }
  CHECK(exprove::is_utf8("gr\xC3\xBC\xC3\x9F") && !exprove::is_utf8("\xC3") && !exprove::is_utf8("\xC0\x80"));
  CHECK(!exprove::is_utf8("\xED\xA0\x80") && exprove::is_utf8("\xF4\x8F\xBF\xBF") && !exprove::is_utf8("\xF4\x90\x80\x80"));
}

void settings() {
  CHECK(opened().status == EXPROVE_OK);
  CHECK(opened(opened::given{{"depth", "50"}, {"mode", "fast"}, {"label", "abcd"}}).status == EXPROVE_OK);
  struct {
    const char *key, *value, *words;
  } bad[] = {{"depth", "51", "range 1..50"}, {"depth", "x", "no integer"},       {"depth", "", "no integer"},
             {"mode", "slo", "(fast|slow)"},  {"mode", "fast|slow", "(fast|slow)"}, {"label", "abcde", "length 0..4"},
             {"width", "1", "none of that name"}, {"depth", "13", "bad luck"}};
  for (const auto &one : bad) {
    opened refused(opened::given{{one.key, one.value}});
    CHECK(refused.status == EXPROVE_INVALID_ARGUMENT && refused.session == nullptr);
    CHECK(refused.words.find(one.words) != std::string::npos);
  }
  CHECK(opened(opened::given{}, EXPROVE_FRAMING_PACKET).status == EXPROVE_NOT_IMPLEMENTED);
  CHECK(opened(opened::given{{"depth", "14"}}).status == EXPROVE_OUT_OF_MEMORY && opened(opened::given{{"depth", "15"}}).status == EXPROVE_INTERNAL);
}

void decoding() {
  opened o;
  call first(o.session, {"Aone", "Btwo", "Aone", "Atwo", "?", "N", ""});
  CHECK(first.status == EXPROVE_OK && first.batch.frames_used == 7);
  const auto &e = first.events;
  uint8_t kinds[] = {17, 16, 15, 49, 15, 17, 16, 15, 50, 15, 49};
  CHECK(first.batch.events_filled == sizeof kinds);
  for (size_t i = 0; i < sizeof kinds; i++) CHECK(e[i].kind == kinds[i]);
  CHECK(e[1].instrument == 0 && e[6].instrument == 1 && e[6].aux == 1 && e[6].level == 3 && e[6].price == 100);
  CHECK(e[3].level == EXPROVE_MALFORMED_FIELD && e[3].aux == 1 && (e[3].flags & EXPROVE_FLAG_NO_EVENT_TIME) != 0);
  CHECK(e[8].aux == '?' && e[10].level == EXPROVE_MALFORMED_SHORT && e[2].event_time == 5);
  CHECK((e[1].flags & EXPROVE_FLAG_LAST) == 0 && (e[2].flags & EXPROVE_FLAG_LAST) != 0 && e[7].frame == 3);
  uint64_t counts[3] = {9, 9, 9};
  CHECK(table.counters(o.session, counts, 2) == EXPROVE_OK && counts[0] == 3 && counts[1] == 0 && counts[2] == 9);

  call more(o.session, {"M", std::string("T") + std::string(85, 'x'), "T\xFF", "R"});
  CHECK(more.batch.events_filled == 6 && more.events[0].level == EXPROVE_MALFORMED_TOO_MANY);
  exprove_event_text text;
  std::memcpy(&text, &more.events[3], sizeof text);
  CHECK(text.level == 5 && text.text_id == 2 && text.bytes[4] == 'x' && text.bytes[5] == 0);
  CHECK(more.events[4].level == EXPROVE_MALFORMED_FIELD && more.events[5].level == EXPROVE_MALFORMED_REFERENCE);

  call gaps(o.session, {"G\x01", "G\x04", "G\x09!", "G\x02", std::string("G\0", 2)});
  uint8_t gap_kinds[] = {15, 48, 48, 49, 15, 49};
  CHECK(gaps.batch.events_filled == sizeof gap_kinds);
  for (size_t i = 0; i < sizeof gap_kinds; i++) CHECK(gaps.events[i].kind == gap_kinds[i]);
  CHECK(gaps.events[1].venue_sequence == 2 && gaps.events[1].aux == 2 && gaps.events[2].aux == 4);

  // Whole frames only: the room must do for any.
  call narrow(o.session, {"Athree", "N", "N"}, 8);
  CHECK(narrow.status == EXPROVE_OK && narrow.batch.frames_used == 1 && narrow.batch.events_filled == 3);
  CHECK(call(o.session, {"N"}, 5).status == EXPROVE_INVALID_ARGUMENT);

  exprove_health report{};
  report.struct_size = sizeof report;
  auto *health = static_cast<const exprove_health_v1 *>(table.extension(EXPROVE_EXTENSION_HEALTH_1));
  CHECK(health->report(o.session, &report) == EXPROVE_OK && report.struct_size == sizeof report);
  CHECK(report.frames == 17 && report.malformed == 7 && report.unknown == 1 && report.gaps == 2 && report.missing == 6);
  CHECK(report.sequence_state == EXPROVE_SEQUENCE_BROKEN && report.last_event_time == 5);
  exprove_health half{};
  half.struct_size = 16;
  half.malformed = 77;
  CHECK(health->report(o.session, &half) == EXPROVE_OK && half.struct_size == 16 && half.malformed == 77);

  exprove_instrument_record records[4];
  uint32_t filled = 0, total = 0;
  auto *pages = static_cast<const exprove_instruments_v1 *>(table.extension(EXPROVE_EXTENSION_INSTRUMENTS_1));
  CHECK(pages->page(o.session, 1, records, sizeof *records, 1, &filled, &total) == EXPROVE_OK);
  CHECK(filled == 1 && total == 3 && records[0].instrument == 1 && records[0].tick == 100);
  CHECK(table.extension("exprove.snapshot/1") == nullptr && table.extension("") == nullptr);
}

void broken_sessions() {
  for (const char *text : {"X", "Y", "Z"}) {
    opened o;
    call broken(o.session, {"N", text, "N"});
    CHECK(broken.status == EXPROVE_OK && broken.batch.frames_used == 1); // what was whole is given
    exprove_status expected = text[0] == 'Y' ? EXPROVE_OUT_OF_MEMORY : EXPROVE_INTERNAL;
    call alone(o.session, {"N"});
    CHECK(alone.status == EXPROVE_INTERNAL && alone.batch.frames_used == 0);
    CHECK(table.reset(o.session) == EXPROVE_OK && call(o.session, {"N"}).status == EXPROVE_OK);
    CHECK(call(o.session, {text}).status == expected);
  }
}

void states() {
  opened o, other;
  call(o.session, {"Aone", "S", "S", "G\x05", "Atwo"});
  std::vector<uint8_t> bytes = saved(o.session);
  CHECK(table.load(other.session, bytes.data(), bytes.size()) == EXPROVE_OK && saved(other.session) == bytes);
  call next(o.session, {"Atwo", "G\x07"}), same(other.session, {"Atwo", "G\x07"});
  CHECK(next.batch.events_filled == same.batch.events_filled);
  CHECK(std::memcmp(next.events.data(), same.events.data(), 64 * next.batch.events_filled) == 0);
  std::vector<uint8_t> fresh = saved(opened().session);
  for (size_t i = 0; i < bytes.size(); i++) {
    std::vector<uint8_t> damaged = bytes;
    damaged[i] ^= 1;
    CHECK(table.load(other.session, damaged.data(), damaged.size()) == EXPROVE_BAD_DATA && saved(other.session) == fresh);
    CHECK(table.load(other.session, bytes.data(), i) == EXPROVE_BAD_DATA);
  }
  // With a right checksum too: sizes that are not there, keys out of order.
  exprove::state_writer writer;
  writer(std::map<uint8_t, uint8_t>{{1, 1}, {2, 2}});
  std::vector<uint8_t> map = writer.written();
  for (auto [at, value] : {std::pair<size_t, uint8_t>{0, 200}, {7, 1}, {8, 2}, {8, 9}}) {
    std::vector<uint8_t> hostile = map;
    hostile[at] = value;
    std::map<uint8_t, uint8_t> taken;
    try {
      exprove::state_reader(hostile.data(), hostile.size())(taken);
      fail("hostile state is taken");
    } catch (const exprove::failure &thrown) {
      CHECK(thrown.status() == EXPROVE_BAD_DATA);
    }
  }
}

void orders() {
  opened o;
  auto *entry = static_cast<const exprove_order_entry_v1 *>(table.extension(EXPROVE_EXTENSION_ORDER_ENTRY_1));
  exprove_order_request request{};
  request.order_id = 7;
  request.quantity = 1;
  request.order_type = EXPROVE_ORDER_MARKET;
  uint8_t out[16];
  uint32_t size = 0;
  char memory[32];
  exprove_text error = {memory, sizeof memory, 0};
  request.struct_size = sizeof request;
  CHECK(entry->encode(o.session, &request, out, sizeof out, &size, &error) == EXPROVE_OK);
  CHECK(size == 9 && std::memcmp(out, "ORDER 7 M", 9) == 0);
  request.struct_size = 104; // a host of 1.0: what lies beyond is not read
  CHECK(entry->encode(o.session, &request, out, sizeof out, &size, &error) == EXPROVE_OK && out[8] == 'L');
  CHECK(entry->encode(o.session, &request, out, 8, &size, &error) == EXPROVE_TOO_SMALL && size == 9);
  request.quantity = 0;
  CHECK(entry->encode(o.session, &request, out, sizeof out, &size, &error) == EXPROVE_INVALID_ARGUMENT);
  CHECK(std::string_view(memory, error.size) == "quantity: 0");
  exprove_order_capabilities allowed{};
  allowed.struct_size = sizeof allowed;
  CHECK(entry->capabilities(o.session, &allowed) == EXPROVE_OK && allowed.highest_id == 99);
}

} // namespace

int main() {
  table.struct_size = sizeof table;
  CHECK(exprove_adapter_entry(EXPROVE_ABI_VERSION(2, 0), &table) == EXPROVE_NOT_IMPLEMENTED);
  CHECK(exprove_adapter_entry(EXPROVE_ABI_VERSION_1_1, &table) == EXPROVE_OK && table.struct_size == sizeof table);
  CHECK(table.frame_time == nullptr);
  exprove_host host{};
  host.struct_size = sizeof host;
  host.abi_version = EXPROVE_ABI_VERSION_1_1;
  CHECK(table.init(&host, nullptr) == EXPROVE_OK);
  numbers();
  settings();
  decoding();
  broken_sessions();
  states();
  orders();
  table.deinit();
}
