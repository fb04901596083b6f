/* SPDX-License-Identifier: Apache-2.0
 *
 * Goes through all that libexprove.so gives of a run directory that may be anybody's, verified or not, and holds it to the
 * ranges that client.h guarantees. Touches every byte that is lent, so that a sanitizer sees each of them.
 *
 *   walk DIRECTORY
 *
 * Prints one line of `what status` pairs, statuses by abi.h, and errors on standard error. Exit code 1 when something lies
 * out of range.
 */
#include <exprove/client.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum = 0;
static char error_bytes[2048];
static exprove_text error = {error_bytes, sizeof error_bytes, 0};

static void need(int condition, const char *what) {
  if (condition) return;
  printf("out of range: %s\n", what);
  exit(1);
}

static void touch(const void *data, uint64_t size) {
  need(data != NULL, "a pointer");
  for (uint64_t i = 0; i < size; i++) sum += ((const unsigned char *)data)[i];
}

static void see(exprove_view view) {
  touch(view.data, view.size);
  need(view.data[view.size] == 0, "the zero behind a view");
}

static void tell(const char *what, exprove_status status) {
  printf("%s %d ", what, (int)status);
  if (status == EXPROVE_OK || error.size == 0) return;
  fprintf(stderr, "%s: %.*s\n", what, (int)error.size, error.data);
}

static void see_verification(exprove_run *run) {
  exprove_verification found = {.struct_size = sizeof found};
  exprove_status status = exprove_verify(run, NULL, &found, &error);
  tell("verify", status);
  if (status != EXPROVE_OK) return;
  for (uint32_t i = 0; i < found.findings; i++) see(found.finding_texts[i]);
  for (uint32_t i = 0; i < found.tail; i++) see(found.tail_texts[i]);
  for (uint32_t i = 0; i < found.not_proven; i++) see(found.not_proven_texts[i]);
  see(found.report);
  need(found.verdict >= EXPROVE_VERDICT_FAILED && found.verdict <= EXPROVE_VERDICT_CONSISTENT, "the verdict");
  need((found.verdict == EXPROVE_VERDICT_FAILED) == (found.findings > 0), "findings and verdict");
  printf("verdict %" PRIu32 " ", found.verdict);
  if (found.findings > 0)
    fprintf(stderr, "finding: %.*s\n", (int)found.finding_texts[0].size, found.finding_texts[0].data);
}

static uint32_t see_run(exprove_run *run) {
  exprove_facts facts = {.struct_size = sizeof facts};
  exprove_feed feed = {.struct_size = sizeof feed};
  need(exprove_describe(run, &facts, &error) == EXPROVE_OK, "facts");
  const exprove_view texts[] = {facts.program, facts.identity, facts.verifier, facts.origin, facts.fills_detail,
                                facts.task, facts.policy, facts.description};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) see(texts[i]);
  need(facts.fills >= 1 && facts.fills <= 3, "fills");
  for (uint32_t index = 0; index < facts.feeds; index++) {
    need(exprove_feed_at(run, index, &feed, &error) == EXPROVE_OK, "a feed");
    const exprove_view names[] = {feed.venue, feed.source, feed.option, feed.container, feed.adapter,
                                  feed.adapter_version};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) see(names[i]);
  }
  return facts.feeds;
}

static void see_batch(exprove_events *events, const exprove_event_batch *batch, uint32_t feeds) {
  touch(batch->bytes, batch->bytes_size);
  for (uint32_t i = 0; i < batch->frame_count; i++) {
    const exprove_frame *frame = &batch->frames[i];
    need(frame->feed < feeds, "a frame's feed");
    need((uint64_t)frame->data + frame->length <= batch->bytes_size, "a frame's bytes");
  }
  for (uint32_t i = 0; i < batch->event_count; i++) {
    const exprove_event *event = &batch->events[i];
    exprove_view text;
    touch(event, sizeof *event);
    need(event->frame < batch->frame_count, "an event's frame");
    need(event->kind == EXPROVE_KIND_TEXT || event->instrument == EXPROVE_NO_INSTRUMENT ||
             event->instrument < batch->instrument_count,
         "an event's instrument");
    if (event->flags & EXPROVE_FLAG_TEXT_ID &&
        exprove_events_text(events, batch->frames[event->frame].feed, event->order_id, &text, NULL) == EXPROVE_OK)
      see(text);
  }
  for (uint32_t i = 0; i < batch->instrument_count && i < 64; i++) {
    exprove_instrument instrument = {.struct_size = sizeof instrument};
    need(exprove_events_instrument(events, i, &instrument, &error) == EXPROVE_OK, "an instrument");
    need(instrument.quantity_scale <= EXPROVE_MAX_QUANTITY_SCALE, "a scale");
    see(instrument.venue);
    see(instrument.symbol);
  }
}

static void see_events(exprove_run *run, uint32_t feeds) {
  exprove_events *events = NULL;
  exprove_event_batch batch = {.struct_size = sizeof batch};
  uint64_t count = 0;
  exprove_status status = exprove_events_open(run, &events, &error);
  need((status == EXPROVE_OK) == (events != NULL), "a handle and its status");
  if (status == EXPROVE_OK) {
    while ((status = exprove_events_next(events, &batch, &error)) == EXPROVE_OK) {
      need(batch.sequence == count, "the sequence");
      need(batch.frame_count > 0, "an empty batch");
      count += batch.event_count;
      see_batch(events, &batch, feeds);
    }
    need(exprove_events_next(events, &batch, NULL) == status, "a failure that lasts");
  }
  exprove_events_close(events);
  tell("events", status);
}

static void see_statements(exprove_run *run, const char *type) {
  exprove_statements *statements = NULL;
  exprove_statement_batch batch = {.struct_size = sizeof batch};
  exprove_status status = exprove_statements_open(run, type, 0, &statements, &error);
  need((status == EXPROVE_OK) == (statements != NULL), "a handle and its status");
  if (status == EXPROVE_OK) {
    while ((status = exprove_statements_next(statements, &batch, &error)) == EXPROVE_OK) {
      need(batch.count > 0, "an empty batch");
      for (uint32_t i = 0; i < batch.count; i++) {
        const exprove_statement *statement = exprove_statement_at(&batch, i);
        see(statement->predicate_type);
        see(statement->subject);
        see(statement->body);
        see(statement->payload);
        need(statement->index < batch.ledger_size, "a leaf's index");
      }
    }
    need(exprove_statements_next(statements, &batch, NULL) == status, "a failure that lasts");
  }
  exprove_statements_close(statements);
  tell("statements", status);
}

int main(int argc, char **argv) {
  exprove_run *run = NULL;
  if (argc != 2) return 64;
  exprove_status status = exprove_open(EXPROVE_CLIENT_VERSION, argv[1], &run, &error);
  tell("open", status);
  need((status == EXPROVE_OK) == (run != NULL), "a handle and its status");
  if (run != NULL) {
    uint32_t feeds = see_run(run);
    see_events(run, feeds);
    see_statements(run, NULL);
    see_statements(run, EXPROVE_STATEMENT_PLAN_1);
    see_verification(run);
    see_events(run, feeds);
    see_statements(run, NULL);
    exprove_close(run);
  }
  printf("sum %" PRIu64 "\n", sum);
  return 0;
}
