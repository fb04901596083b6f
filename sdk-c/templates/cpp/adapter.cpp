// SPDX-License-Identifier: Apache-2.0
// What is particular to my-venue. sample/make_sample.py says what the format is; put yours in its place.
#include <exprove/adapter.hpp>

EXPROVE_MANIFEST(
    "name: my-venue\nversion: 0.1.0\nvendor: Vendor\nlicence: Apache-2.0\nsummary: Market data of my-venue.\n"
    "abi: 1.1\nprotocol: my-venue feed 1\nframing: length16\nframing: message\nchannel: market-data\n"
    "frame-time: yes\nmax-events: 4\n"
    "message: D\nmessage: A\nmessage: E\nmessage: X\nmessage: T\nmessage: S\n"
    "extension: exprove.health/1\nextension: exprove.instruments/1\n")

struct feed {
  explicit feed(const exprove::configuration &config) : time(config.time_of_day()) {}
  exprove::time_of_day time;
  exprove::sequence numbers;
  std::map<uint16_t, uint32_t> instruments; // the venue's number to ours

  template <class Archive> void state(Archive &io) { io(numbers, instruments); }

  int64_t frame_time(const exprove::frame &m) const { return time(m.big<uint64_t>(9), 9); }

  void decode(const exprove::frame &m, exprove::events &out) {
    static constexpr size_t sizes[] = {32, 36, 39, 27, 36, 20};
    const size_t type = std::string_view("DAEXTS").find(static_cast<char>(m[0])); // the order of the manifest
    if (type == std::string_view::npos) throw exprove::unknown{m[0]};
    m.exactly(sizes[type]);
    out.at(frame_time(m));
    if (!numbers.take(m.big<uint64_t>(1), out, 1)) return;
    out.count(static_cast<uint32_t>(type));
    const uint16_t id = m.big<uint16_t>(17);
    const auto known = instruments.find(id);
    if (m[0] == 'D') {
      const int64_t tick = exprove::scaled(m.big<uint32_t>(20), 4, EXPROVE_PRICE_SCALE, 20);
      const uint32_t number = out.instrument(m.padded(24, 8), m[19], tick, 0, 24);
      if (known != instruments.end() && known->second != number) throw exprove::malformed{EXPROVE_MALFORMED_FIELD, 17};
      instruments.emplace(id, number);
      return;
    }
    if (known == instruments.end()) throw exprove::malformed{EXPROVE_MALFORMED_REFERENCE, 17};
    switch (m[0]) {
    case 'A': priced(out.put(EXPROVE_KIND_ORDER_ADD, known->second), m, 27, "BS").order_id = m.big<uint64_t>(19); break;
    case 'T': priced(out.put(EXPROVE_KIND_TRADE, known->second), m, 19, "BS ").aux = m.big<uint64_t>(28); break;
    case 'X': out.put(EXPROVE_KIND_ORDER_DELETE, known->second).order_id = m.big<uint64_t>(19); break;
    case 'E': {
      exprove_event &e = out.put(EXPROVE_KIND_ORDER_EXECUTE, known->second);
      e.order_id = m.big<uint64_t>(19), e.quantity = m.big<uint32_t>(27), e.aux = m.big<uint64_t>(31);
      e.flags |= EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME;
      break;
    }
    default: {
      static constexpr exprove_trading_status states[] = {EXPROVE_TRADING_PRE_OPEN, EXPROVE_TRADING_OPEN,
                                                          EXPROVE_TRADING_HALTED, EXPROVE_TRADING_CLOSED};
      out.status(known->second, states[std::string_view("POHC").find(m.letter(19, "POHC"))], m[19]);
    }
    }
  }

  // Side, price and quantity, which begin at `at`.
  static exprove_event &priced(exprove_event &e, const exprove::frame &m, size_t at, const char *sides) {
    const char side = m.letter(at, sides);
    e.side = side == 'B' ? EXPROVE_SIDE_BUY : side == 'S' ? EXPROVE_SIDE_SELL : EXPROVE_SIDE_NONE;
    e.price = exprove::scaled(m.big<uint32_t>(at + 1), 4, EXPROVE_PRICE_SCALE, at + 1);
    e.quantity = m.big<uint32_t>(at + 5);
    if (e.kind == EXPROVE_KIND_TRADE) e.flags |= EXPROVE_FLAG_VOLUME;
    return e;
  }
};

EXPROVE_ADAPTER(feed)
