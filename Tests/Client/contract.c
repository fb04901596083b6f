/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds libexprove.so to what client.h says of each function: versions, sizes of structs, NULL, errors, numbers.
 *
 *   contract DIRECTORY
 */
#include <exprove/client.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wrong = 0, held = 0;
static char error_bytes[512];
static exprove_text error = {error_bytes, sizeof error_bytes, 0};

#define HOLD(condition)                                                  \
  do {                                                                   \
    if (condition) {                                                     \
      held += 1;                                                         \
    } else {                                                             \
      wrong += 1;                                                        \
      printf("line %d: does not hold: %s\n", __LINE__, #condition);      \
    }                                                                    \
  } while (0)

/* Whether the last error's text has `part` in it. */
static int says(const char *part) {
  char text[sizeof error_bytes + 1];
  memcpy(text, error.data, error.size);
  text[error.size] = 0;
  if (strstr(text, part) != NULL) return 1;
  printf("it says: %s\n", text);
  return 0;
}

static int all(const void *memory, size_t from, size_t to, unsigned char value) {
  const unsigned char *bytes = (const unsigned char *)memory;
  while (from < to && bytes[from] == value) from += 1;
  return from == to;
}

static void versions(const char *directory) {
  exprove_run *run = (exprove_run *)&error;
  uint32_t minor = EXPROVE_ABI_MINOR(EXPROVE_CLIENT_VERSION);
  HOLD(exprove_client_version() == EXPROVE_CLIENT_VERSION);
  HOLD(exprove_open(EXPROVE_ABI_VERSION(2, 0), directory, &run, &error) == EXPROVE_NOT_IMPLEMENTED && run == NULL);
  HOLD(says("implements 1.0"));
  HOLD(exprove_open(EXPROVE_ABI_VERSION(1, minor + 1), directory, &run, &error) == EXPROVE_NOT_IMPLEMENTED);
  HOLD(exprove_open(EXPROVE_ABI_VERSION(0, 9), directory, &run, &error) == EXPROVE_NOT_IMPLEMENTED);
  HOLD(exprove_open(0, directory, &run, &error) == EXPROVE_NOT_IMPLEMENTED);
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION_1_0, directory, &run, &error) == EXPROVE_OK && run != NULL);
  HOLD(error.size == 0);
  exprove_close(run);
}

static void opening(void) {
  exprove_run *run = NULL;
  char endless[70000];
  memset(endless, 'x', sizeof endless - 1);
  endless[sizeof endless - 1] = 0;
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/nowhere", &run, &error) == EXPROVE_NOT_FOUND && says("/nowhere"));
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/", &run, &error) == EXPROVE_NOT_FOUND && says("run.json"));
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/dev/null", &run, &error) == EXPROVE_NOT_FOUND);
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "", &run, &error) == EXPROVE_NOT_FOUND);
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, endless, &run, &error) == EXPROVE_NOT_FOUND);
  HOLD(error.size == sizeof error_bytes);
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "\xff\xfe", &run, &error) == EXPROVE_INVALID_ARGUMENT && says("UTF-8"));
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, NULL, &run, &error) == EXPROVE_INVALID_ARGUMENT && says("directory"));
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/", NULL, &error) == EXPROVE_INVALID_ARGUMENT && says("run is NULL"));
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/", &run, NULL) == EXPROVE_NOT_FOUND);
}

/* A text is cut between characters, and never longer than its memory. */
static void errors(void) {
  exprove_run *run = NULL;
  char bytes[16];
  exprove_text text = {bytes, 0, 99};
  for (uint32_t capacity = 0; capacity < sizeof bytes; capacity++) {
    memset(bytes, '#', sizeof bytes);
    text.capacity = capacity;
    exprove_open(EXPROVE_CLIENT_VERSION, "/\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x88/", &run, &text);
    HOLD(text.size <= capacity && all(bytes, text.size, sizeof bytes, '#'));
    HOLD(capacity - text.size < 4);
    HOLD(text.size == capacity || (unsigned char)bytes[text.size - (text.size > 0)] < 0xc0 || text.size == 0);
  }
  text.data = NULL;
  text.capacity = 10;
  HOLD(exprove_open(EXPROVE_CLIENT_VERSION, "/nowhere", &run, &text) == EXPROVE_NOT_FOUND && text.size == 0);
}

static void nulls(exprove_run *run) {
  exprove_facts facts;
  exprove_feed feed;
  exprove_verification verification;
  exprove_event_batch batch;
  exprove_instrument instrument;
  exprove_statement_batch statements;
  exprove_events *events = NULL;
  exprove_statements *leaves = NULL;
  exprove_view view;
  facts.struct_size = sizeof facts;
  feed.struct_size = sizeof feed;
  verification.struct_size = sizeof verification;
  batch.struct_size = sizeof batch;
  instrument.struct_size = sizeof instrument;
  statements.struct_size = sizeof statements;
  HOLD(exprove_describe(NULL, &facts, &error) == EXPROVE_INVALID_ARGUMENT && says("run is NULL"));
  HOLD(exprove_describe(run, NULL, &error) == EXPROVE_INVALID_ARGUMENT && says("facts is NULL"));
  HOLD(exprove_feed_at(NULL, 0, &feed, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_feed_at(run, 0, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_verify(NULL, NULL, &verification, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_verify(run, NULL, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_verify(run, "nonsense", &verification, &error) == EXPROVE_INVALID_ARGUMENT && says("vkey"));
  HOLD(exprove_verify(run, "\xff", &verification, &error) == EXPROVE_INVALID_ARGUMENT && says("UTF-8"));
  HOLD(exprove_events_open(NULL, &events, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_open(run, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_next(NULL, &batch, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_instrument(NULL, 0, &instrument, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_text(NULL, 0, 0, &view, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_statements_open(NULL, NULL, 0, &leaves, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_statements_open(run, NULL, 0, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_statements_open(run, "\xff", 0, &leaves, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_statements_next(NULL, &statements, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_open(run, &events, &error) == EXPROVE_OK);
  HOLD(exprove_events_next(events, NULL, &error) == EXPROVE_INVALID_ARGUMENT && says("batch is NULL"));
  HOLD(exprove_events_instrument(events, 0, &instrument, &error) == EXPROVE_NOT_FOUND && says("0 are defined"));
  HOLD(exprove_events_instrument(events, 0, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_text(events, 0, 0, NULL, &error) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_events_text(events, 0, 0, &view, &error) == EXPROVE_NOT_FOUND);
  HOLD(exprove_events_text(events, UINT32_MAX, UINT64_MAX, &view, &error) == EXPROVE_NOT_FOUND);
  exprove_events_close(events);
  exprove_events_close(NULL);
  exprove_statements_close(NULL);
  exprove_close(NULL);
}

/* Every size that a caller may state: nothing is written beyond it, nothing beyond what the library knows. */
static void sizes(exprove_run *run) {
  unsigned char memory[sizeof(exprove_facts) + 64];
  exprove_facts whole;
  whole.struct_size = sizeof whole;
  HOLD(exprove_describe(run, &whole, &error) == EXPROVE_OK && whole.struct_size == sizeof whole);
  for (uint32_t size = 0; size <= sizeof memory; size++) {
    uint32_t told;
    memset(memory, 0xA5, sizeof memory);
    memcpy(memory, &size, sizeof size);
    exprove_status status = exprove_describe(run, (exprove_facts *)(void *)memory, &error);
    memcpy(&told, memory, sizeof told);
    if (size < 8) {
      HOLD(status == EXPROVE_INVALID_ARGUMENT && all(memory, 4, sizeof memory, 0xA5) && says("struct_size"));
    } else {
      uint32_t filled = size < sizeof whole ? size : (uint32_t)sizeof whole;
      HOLD(status == EXPROVE_OK && told == filled && all(memory, filled, sizeof memory, 0xA5));
      HOLD(memcmp(memory + 4, (unsigned char *)&whole + 4, filled - 4) == 0);
    }
  }
}

static void facts(exprove_run *run) {
  exprove_facts facts;
  exprove_feed feed;
  facts.struct_size = sizeof facts;
  feed.struct_size = sizeof feed;
  HOLD(exprove_describe(run, &facts, &error) == EXPROVE_OK);
  HOLD(facts.fills == EXPROVE_FILLS_MODEL && facts.reserved == 0 && facts.feeds == 3);
  HOLD(facts.description.data[facts.description.size] == 0 && facts.description.data[0] == '{');
  HOLD(facts.task.data[0] == '{' && facts.policy.data[0] == '{' && strlen(facts.verifier.data) == facts.verifier.size);
  for (uint32_t index = 0; index < facts.feeds; index++)
    HOLD(exprove_feed_at(run, index, &feed, &error) == EXPROVE_OK && feed.venue.size > 0);
  HOLD(feed.adapter.size == 0 && feed.adapter.data != NULL && all(feed.adapter_digest, 0, 32, 0));
  HOLD(exprove_feed_at(run, facts.feeds, &feed, &error) == EXPROVE_NOT_FOUND);
  HOLD(exprove_feed_at(run, UINT32_MAX, &feed, &error) == EXPROVE_NOT_FOUND);
}

/* The end is an end for good, and the handle still answers. */
static void ends(exprove_run *run) {
  exprove_events *events = NULL;
  exprove_statements *leaves = NULL;
  exprove_event_batch batch;
  exprove_statement_batch statements;
  exprove_instrument instrument;
  uint64_t next = 0, count = 0;
  batch.struct_size = sizeof batch;
  statements.struct_size = sizeof statements;
  instrument.struct_size = sizeof instrument;
  HOLD(exprove_events_open(run, &events, &error) == EXPROVE_OK);
  while (exprove_events_next(events, &batch, &error) == EXPROVE_OK) {
    HOLD(batch.sequence == next && batch.frame_count > 0);
    next += batch.event_count;
  }
  HOLD(batch.event_count == 0 && batch.frame_count == 0 && batch.bytes_size == 0 && batch.torn == 0);
  HOLD(exprove_events_next(events, &batch, &error) == EXPROVE_NOT_FOUND);
  HOLD(batch.instrument_count == 2);
  HOLD(exprove_events_instrument(events, 1, &instrument, &error) == EXPROVE_OK && instrument.symbol.size == 7);
  HOLD(exprove_events_instrument(events, 2, &instrument, &error) == EXPROVE_NOT_FOUND);
  exprove_events_close(events);

  HOLD(exprove_statements_open(run, NULL, 0, &leaves, &error) == EXPROVE_OK);
  while (exprove_statements_next(leaves, &statements, &error) == EXPROVE_OK)
    for (uint32_t index = 0; index < statements.count; index++)
      HOLD(exprove_statement_at(&statements, index)->index == count++);
  HOLD(count == statements.ledger_size && statements.count == 0);
  HOLD(exprove_statements_next(leaves, &statements, &error) == EXPROVE_NOT_FOUND);
  exprove_statements_close(leaves);
  const uint64_t places[] = {1, 63, 64, 65, 255, 256, 257, count - 1, count, count + 1};
  for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
    uint64_t first = places[place];
    HOLD(exprove_statements_open(run, NULL, first, &leaves, &error) == EXPROVE_OK);
    exprove_status status = exprove_statements_next(leaves, &statements, &error);
    HOLD(first < count ? status == EXPROVE_OK && statements.statements->index == first : status == EXPROVE_NOT_FOUND);
    exprove_statements_close(leaves);
  }
  HOLD(exprove_statements_open(run, NULL, UINT64_MAX, &leaves, &error) == EXPROVE_OK);
  HOLD(exprove_statements_next(leaves, &statements, &error) == EXPROVE_NOT_FOUND);
  exprove_statements_close(leaves);
  HOLD(exprove_statements_open(run, "https://exprove.dev/nothing/v1", 0, &leaves, &error) == EXPROVE_OK);
  HOLD(exprove_statements_next(leaves, &statements, &error) == EXPROVE_NOT_FOUND);
  exprove_statements_close(leaves);
}

static void decimal(int64_t value, uint32_t scale, const char *expected) {
  char bytes[32];
  exprove_text out = {bytes, sizeof bytes, 0};
  size_t length = strlen(expected);
  HOLD(exprove_decimal(value, scale, &out) == EXPROVE_OK && out.size == length && memcmp(bytes, expected, length) == 0);
  out.capacity = (uint32_t)length;
  HOLD(exprove_decimal(value, scale, &out) == EXPROVE_OK);
  out.capacity -= 1;
  HOLD(exprove_decimal(value, scale, &out) == EXPROVE_TOO_SMALL && out.size == length);
}

static void decimals(void) {
  exprove_text none = {NULL, 0, 0};
  decimal(6168599, 2, "61685.99");
  decimal(0, 18, "0");
  decimal(-1, 18, "-0.000000000000000001");
  decimal(INT64_MIN, 18, "-9.223372036854775808");
  decimal(INT64_MIN, 0, "-9223372036854775808");
  decimal(INT64_MAX, 9, "9223372036.854775807");
  decimal(1500000000, 9, "1.5");
  HOLD(exprove_decimal(1, 19, &none) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_decimal(1, UINT32_MAX, &none) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_decimal(1, 0, NULL) == EXPROVE_INVALID_ARGUMENT);
  HOLD(exprove_decimal(12, 0, &none) == EXPROVE_TOO_SMALL && none.size == 2);
}

int main(int argc, char **argv) {
  exprove_run *run = NULL;
  if (argc != 2) return 64;
  versions(argv[1]);
  opening();
  errors();
  if (exprove_open(EXPROVE_CLIENT_VERSION, argv[1], &run, &error) != EXPROVE_OK) {
    printf("%.*s\n", (int)error.size, error.data);
    return 1;
  }
  nulls(run);
  sizes(run);
  facts(run);
  ends(run);
  decimals();
  exprove_close(run);
  printf("%d passed, %d failed\n", held, wrong);
  return wrong == 0 ? 0 : 1;
}
