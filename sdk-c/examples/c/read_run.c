/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens a run directory, verifies it, and goes through its events and plan deltas.
 *
 *   cc read_run.c $(pkg-config --cflags --libs exprove) -o read_run
 *   ./read_run DIRECTORY [VERIFIER_KEY]
 *
 * Exit codes: 0 it holds, 1 it does not, 64 usage, 65 bad data, 66 missing, 70 a fault, 74 input/output.
 */
#include <exprove/client.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is kept of each instrument. */
typedef struct tally {
  uint64_t trades;
  int64_t price;
  int64_t quantity;
} tally;

/* The text of the last error, in our own memory as the library wants it. */
static char error_bytes[1024];
static exprove_text error = {error_bytes, sizeof error_bytes, 0};

static int failed(const char *what, exprove_status status) {
  fprintf(stderr, "%s: %.*s\n", what, (int)error.size, error.data);
  switch (status) {
  case EXPROVE_BAD_DATA: return 65;
  case EXPROVE_NOT_FOUND: return 66;
  case EXPROVE_IO: return 74;
  case EXPROVE_INVALID_ARGUMENT: return 64;
  default: return 70;
  }
}

static void print(const char *label, exprove_view text) {
  printf("%s%.*s\n", label, (int)text.size, text.data);
}

static int describe(exprove_run *run) {
  exprove_facts facts;
  exprove_status status;
  uint32_t index;
  memset(&facts, 0, sizeof facts);
  facts.struct_size = sizeof facts;
  if ((status = exprove_describe(run, &facts, &error)) != EXPROVE_OK) return failed("describe", status);
  print("identity: ", facts.identity);
  print("fills: ", facts.fills_detail);
  for (index = 0; index < facts.feeds; index++) {
    exprove_feed feed;
    memset(&feed, 0, sizeof feed);
    feed.struct_size = sizeof feed;
    if ((status = exprove_feed_at(run, index, &feed, &error)) != EXPROVE_OK) return failed("feed", status);
    printf("feed %" PRIu32 ": %.*s, %s\n", index, (int)feed.venue.size, feed.venue.data,
           feed.role == EXPROVE_ROLE_ROUTED ? "routed" : "reference");
  }
  return 0;
}

static int verify(exprove_run *run, const char *vkey) {
  static const char *const verdicts[] = {"?", "failed", "consistent, signer not authenticated", "verified"};
  exprove_verification found;
  exprove_status status;
  uint32_t index;
  memset(&found, 0, sizeof found);
  found.struct_size = sizeof found;
  if ((status = exprove_verify(run, vkey, &found, &error)) != EXPROVE_OK) return failed("verify", status);
  printf("verdict: %s\n", verdicts[found.verdict < 4 ? found.verdict : 0]);
  for (index = 0; index < found.findings; index++) print("does not hold: ", found.finding_texts[index]);
  for (index = 0; index < found.tail; index++) print("behind the last checkpoint: ", found.tail_texts[index]);
  for (index = 0; index < found.not_proven; index++) print("not proven: ", found.not_proven_texts[index]);
  printf("verified events: %" PRIu64 "\nverified leaves: %" PRIu64 "\nevent digest: ", found.events, found.leaves);
  for (index = 0; index < sizeof found.event_digest; index++) printf("%02x", found.event_digest[index]);
  printf("\n");
  return found.verdict == EXPROVE_VERDICT_FAILED ? 1 : 0;
}

static int print_tally(exprove_events *events, uint32_t number, const tally *seen) {
  exprove_instrument instrument;
  exprove_status status;
  char price_bytes[24], quantity_bytes[24];
  exprove_text price = {price_bytes, sizeof price_bytes, 0}, quantity = {quantity_bytes, sizeof quantity_bytes, 0};
  memset(&instrument, 0, sizeof instrument);
  instrument.struct_size = sizeof instrument;
  if ((status = exprove_events_instrument(events, number, &instrument, &error)) != EXPROVE_OK)
    return failed("instrument", status);
  exprove_decimal(seen->price, EXPROVE_PRICE_SCALE, &price);
  exprove_decimal(seen->quantity, instrument.quantity_scale, &quantity);
  printf("%.*s %.*s: %" PRIu64 " trades, the last at %.*s x %.*s\n", (int)instrument.venue.size, instrument.venue.data,
         (int)instrument.symbol.size, instrument.symbol.data, seen->trades, (int)price.size, price.data,
         (int)quantity.size, quantity.data);
  return 0;
}

static int read_events(exprove_run *run) {
  exprove_events *events = NULL;
  exprove_event_batch batch;
  exprove_status status;
  tally *tallies = NULL;
  uint32_t known = 0, index;
  uint64_t count = 0, frames = 0, batches = 0, venue_bytes = 0;
  int code = 0;
  memset(&batch, 0, sizeof batch);
  batch.struct_size = sizeof batch;
  if ((status = exprove_events_open(run, &events, &error)) != EXPROVE_OK) return failed("events", status);
  while ((status = exprove_events_next(events, &batch, &error)) == EXPROVE_OK) {
    if (batch.instrument_count > known) {
      tally *larger = (tally *)realloc(tallies, batch.instrument_count * sizeof *tallies);
      if (larger == NULL) abort();
      memset(larger + known, 0, (batch.instrument_count - known) * sizeof *tallies);
      tallies = larger;
      known = batch.instrument_count;
    }
    for (index = 0; index < batch.event_count; index++) {
      const exprove_event *event = &batch.events[index];
      if (event->kind == EXPROVE_KIND_TRADE && event->instrument != EXPROVE_NO_INSTRUMENT) {
        tallies[event->instrument].trades += 1;
        tallies[event->instrument].price = event->price;
        tallies[event->instrument].quantity = event->quantity;
      }
    }
    for (index = 0; index < batch.frame_count; index++) venue_bytes += batch.frames[index].length;
    count += batch.event_count;
    frames += batch.frame_count;
    batches += 1;
  }
  if (status != EXPROVE_NOT_FOUND) {
    code = failed("events", status);
  } else {
    printf("events: %" PRIu64 "\nframes: %" PRIu64 "\nbytes from venues: %" PRIu64 "\nbatches: %" PRIu64 "\n", count, frames,
           venue_bytes, batches);
    if (batch.torn > 0) printf("unfinished: %" PRIu64 " bytes\n", batch.torn);
    for (index = 0; index < known && code == 0; index++) code = print_tally(events, index, &tallies[index]);
  }
  free(tallies);
  exprove_events_close(events);
  return code;
}

static int read_plans(exprove_run *run) {
  exprove_statements *statements = NULL;
  exprove_statement_batch batch;
  exprove_status status;
  uint64_t plans = 0;
  uint32_t index;
  memset(&batch, 0, sizeof batch);
  batch.struct_size = sizeof batch;
  status = exprove_statements_open(run, EXPROVE_STATEMENT_PLAN_1, 0, &statements, &error);
  if (status != EXPROVE_OK) return failed("statements", status);
  while ((status = exprove_statements_next(statements, &batch, &error)) == EXPROVE_OK) {
    for (index = 0; index < batch.count; index++) {
      const exprove_statement *plan = exprove_statement_at(&batch, index);
      printf("leaf %" PRIu64 ", %.*s: %.*s\n", plan->index, (int)plan->subject.size, plan->subject.data,
             (int)plan->body.size, plan->body.data);
    }
    plans += batch.count;
  }
  exprove_statements_close(statements);
  if (status != EXPROVE_NOT_FOUND) return failed("statements", status);
  printf("plan deltas: %" PRIu64 "\n", plans);
  return 0;
}

int main(int argc, char **argv) {
  exprove_run *run = NULL;
  exprove_status status;
  int code;
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: %s DIRECTORY [VERIFIER_KEY]\n", argv[0]);
    return 64;
  }
  if ((status = exprove_open(EXPROVE_CLIENT_VERSION, argv[1], &run, &error)) != EXPROVE_OK)
    return failed("open", status);
  code = describe(run);
  if (code == 0) code = verify(run, argc == 3 ? argv[2] : NULL);
  if (code == 0) code = read_events(run);
  if (code == 0) code = read_plans(run);
  exprove_close(run);
  return code;
}
