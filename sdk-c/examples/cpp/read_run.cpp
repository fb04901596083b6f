// SPDX-License-Identifier: Apache-2.0
//
// The same as ../c/read_run.c in C++17: opens a run directory, verifies it, and goes through its events and plan deltas.
//
//   cmake -S . -B build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build && build/read_run DIRECTORY [VERIFIER_KEY]

#include <exprove/client.h>

#include <array>
#include <iomanip>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Failure : std::runtime_error {
  exprove_status status;
  Failure(exprove_status status, const std::string &text) : std::runtime_error(text), status(status) {}
};

// Calls one of the library's functions, whose last parameter takes the error's text; anything but EXPROVE_OK and
// `other` is thrown. Whether it was EXPROVE_OK.
template <typename Function, typename... Arguments>
bool answered(exprove_status other, Function function, Arguments... arguments) {
  std::array<char, 1024> bytes;
  exprove_text error{bytes.data(), static_cast<uint32_t>(bytes.size()), 0};
  const exprove_status status = function(arguments..., &error);
  if (status != EXPROVE_OK && status != other) throw Failure(status, std::string(error.data, error.size));
  return status == EXPROVE_OK;
}

template <typename Function, typename... Arguments> void call(Function function, Arguments... arguments) {
  answered(EXPROVE_OK, function, arguments...);
}

// Whether something follows.
template <typename Function, typename... Arguments> bool next(Function function, Arguments... arguments) {
  return answered(EXPROVE_NOT_FOUND, function, arguments...);
}

// A struct that the library fills.
template <typename Struct> Struct sized() {
  Struct value{};
  value.struct_size = sizeof value;
  return value;
}

std::string_view text(const exprove_view &view) { return {view.data, static_cast<size_t>(view.size)}; }

struct Closing {
  void operator()(exprove_run *run) const { exprove_close(run); }
  void operator()(exprove_events *events) const { exprove_events_close(events); }
  void operator()(exprove_statements *statements) const { exprove_statements_close(statements); }
};
template <typename Handle> using Owned = std::unique_ptr<Handle, Closing>;

std::string decimal(int64_t value, uint32_t scale) {
  std::array<char, 24> bytes;
  exprove_text out{bytes.data(), static_cast<uint32_t>(bytes.size()), 0};
  if (exprove_decimal(value, scale, &out) != EXPROVE_OK) throw std::logic_error("a scale that the library refuses");
  return std::string(out.data, out.size);
}

void describe(exprove_run *run) {
  auto facts = sized<exprove_facts>();
  call(exprove_describe, run, &facts);
  std::cout << "identity: " << text(facts.identity) << "\nfills: " << text(facts.fills_detail) << "\n";
  for (uint32_t index = 0; index < facts.feeds; index++) {
    auto feed = sized<exprove_feed>();
    call(exprove_feed_at, run, index, &feed);
    std::cout << "feed " << index << ": " << text(feed.venue) << ", "
              << (feed.role == EXPROVE_ROLE_ROUTED ? "routed" : "reference") << "\n";
  }
}

bool verify(exprove_run *run, const char *vkey) {
  static constexpr std::array<const char *, 4> verdicts{
      "?", "failed", "consistent, signer not authenticated", "verified"};
  auto found = sized<exprove_verification>();
  call(exprove_verify, run, vkey, &found);
  std::cout << "verdict: " << verdicts[found.verdict < verdicts.size() ? found.verdict : 0] << "\n";
  for (uint32_t i = 0; i < found.findings; i++) std::cout << "does not hold: " << text(found.finding_texts[i]) << "\n";
  for (uint32_t i = 0; i < found.tail; i++)
    std::cout << "behind the last checkpoint: " << text(found.tail_texts[i]) << "\n";
  for (uint32_t i = 0; i < found.not_proven; i++)
    std::cout << "not proven: " << text(found.not_proven_texts[i]) << "\n";
  std::cout << "verified events: " << found.events << "\nverified leaves: " << found.leaves << "\nevent digest: ";
  for (const uint8_t byte : found.event_digest)
    std::cout << std::hex << std::setw(2) << std::setfill('0') << static_cast<unsigned>(byte);
  std::cout << std::dec << "\n";
  return found.verdict != EXPROVE_VERDICT_FAILED;
}

void readEvents(exprove_run *run) {
  struct Tally {
    uint64_t trades = 0;
    int64_t price = 0, quantity = 0;
  };
  exprove_events *opened = nullptr;
  call(exprove_events_open, run, &opened);
  const Owned<exprove_events> events(opened);
  auto batch = sized<exprove_event_batch>();
  std::vector<Tally> tallies;
  uint64_t count = 0, frames = 0, batches = 0, venueBytes = 0;
  while (next(exprove_events_next, events.get(), &batch)) {
    tallies.resize(batch.instrument_count);
    for (uint32_t i = 0; i < batch.event_count; i++) {
      const exprove_event &event = batch.events[i];
      if (event.kind != EXPROVE_KIND_TRADE || event.instrument == EXPROVE_NO_INSTRUMENT) continue;
      Tally &tally = tallies[event.instrument];
      tally = {tally.trades + 1, event.price, event.quantity};
    }
    for (uint32_t i = 0; i < batch.frame_count; i++) venueBytes += batch.frames[i].length;
    count += batch.event_count;
    frames += batch.frame_count;
    batches += 1;
  }
  std::cout << "events: " << count << "\nframes: " << frames << "\nbytes from venues: " << venueBytes
            << "\nbatches: " << batches << "\n";
  if (batch.torn > 0) std::cout << "unfinished: " << batch.torn << " bytes\n";
  for (uint32_t number = 0; number < tallies.size(); number++) {
    auto instrument = sized<exprove_instrument>();
    call(exprove_events_instrument, events.get(), number, &instrument);
    std::cout << text(instrument.venue) << " " << text(instrument.symbol) << ": " << tallies[number].trades
              << " trades, the last at " << decimal(tallies[number].price, EXPROVE_PRICE_SCALE) << " x "
              << decimal(tallies[number].quantity, instrument.quantity_scale) << "\n";
  }
}

void readPlans(exprove_run *run) {
  exprove_statements *opened = nullptr;
  call(exprove_statements_open, run, EXPROVE_STATEMENT_PLAN_1, uint64_t{0}, &opened);
  const Owned<exprove_statements> statements(opened);
  auto batch = sized<exprove_statement_batch>();
  uint64_t plans = 0;
  while (next(exprove_statements_next, statements.get(), &batch)) {
    for (uint32_t i = 0; i < batch.count; i++) {
      const exprove_statement &plan = *exprove_statement_at(&batch, i);
      std::cout << "leaf " << plan.index << ", " << text(plan.subject) << ": " << text(plan.body) << "\n";
    }
    plans += batch.count;
  }
  std::cout << "plan deltas: " << plans << "\n";
}

int exitCode(exprove_status status) {
  switch (status) {
  case EXPROVE_BAD_DATA: return 65;
  case EXPROVE_NOT_FOUND: return 66;
  case EXPROVE_IO: return 74;
  case EXPROVE_INVALID_ARGUMENT: return 64;
  default: return 70;
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: " << argv[0] << " DIRECTORY [VERIFIER_KEY]\n";
    return 64;
  }
  try {
    exprove_run *opened = nullptr;
    call(exprove_open, uint32_t{EXPROVE_CLIENT_VERSION}, static_cast<const char *>(argv[1]), &opened);
    const Owned<exprove_run> run(opened);
    describe(run.get());
    if (!verify(run.get(), argc == 3 ? argv[2] : nullptr)) return 1;
    readEvents(run.get());
    readPlans(run.get());
    return 0;
  } catch (const Failure &failure) {
    std::cerr << failure.what() << "\n";
    return exitCode(failure.status);
  }
}
