/* SPDX-License-Identifier: Apache-2.0
 *
 * Mutated frames against the rules of the ABI, for builds with address and undefined-behaviour sanitizers:
 *   fuzz <library> <other library> <seconds> <seed> <corpus: one frame a line>
 * Each batch lies in memory of exactly its size, so a read beyond it is seen. A session of each library (the same
 * sources, perhaps without their fast paths) decodes the same frames in different batches; events and states must be
 * equal. States are saved, damaged and loaded.
 */
#define _POSIX_C_SOURCE 199309L
#include "host.h"

#include <time.h>

#define FRAME_MAX 70000u
#define BATCH_MAX 24u

struct bytes {
  uint8_t *data;
  uint32_t size;
};

static struct bytes corpus[4096];
static uint32_t corpus_count;
static uint64_t state;

static uint64_t draw(void) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1Du;
}

static uint32_t below(uint32_t n) { return n ? (uint32_t)(draw() >> 33) % n : 0; }

static void read_corpus(const char *path) {
  FILE *f = fopen(path, "rb");
  CHECK(f);
  static char line[FRAME_MAX];
  while (corpus_count < 4096 && fgets(line, sizeof line, f)) {
    uint32_t n = (uint32_t)strcspn(line, "\n");
    corpus[corpus_count].data = malloc(n + 1);
    CHECK(corpus[corpus_count].data);
    memcpy(corpus[corpus_count].data, line, n);
    corpus[corpus_count++].size = n;
  }
  fclose(f);
  CHECK(corpus_count);
}

/* A request of the WebSocket API. */
static int is_request(const struct bytes *frame) {
  static const char mark[] = "\"method\"";
  for (uint32_t i = 0; i + sizeof mark - 1 <= frame->size; i++)
    if (memcmp(frame->data + i, mark, sizeof mark - 1) == 0) return 1;
  return 0;
}

static uint32_t insert(uint8_t *to, uint32_t size, uint32_t at, const void *what, uint32_t n) {
  if (size + n > FRAME_MAX) return size;
  memmove(to + at + n, to + at, size - at);
  memcpy(to + at, what, n);
  return size + n;
}

/* Where the value of a random key begins, so that types and ranges change rather than syntax. */
static uint32_t value_start(const uint8_t *p, uint32_t size) {
  for (uint32_t tries = 0; tries < 8 && size > 4; tries++) {
    uint32_t at = below(size - 2);
    while (at + 2 < size && p[at] != ':') at++;
    if (at + 2 < size) return at + 1;
  }
  return below(size + 1);
}

static uint32_t mutate(uint8_t *p, uint32_t size) {
  static const char *const values[] = {
      "0", "-1", "1e5", "1.5", "null", "true", "false", "\"\"", "\"x\"", "\"-1\"", "\"0\"", "{}", "[]", "[[]]",
      "[[\"1\",\"2\"]]",
      "\"9223372036.854775807\"", "\"9223372036.854775808\"", "18446744073709551615", "18446744073709551616",
      "9223372036854775807", "\"0.0000000001\"", "\"xp-1\"", "\"xp-18446744073709551615\"", "\"\\u0058\"",
      "\"\\ud800\"",
      "\"BTCUSDT\"", "\"ETHUSDT\"", "\"\xC3\xA9\"", "\"XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\"",
      "{\"a\":[{\"b\":[]}]}"};
  static const char *const pieces[] = {"\"e\":\"trade\",", "\"a\":", ",", ":", "{", "}", "[", "]", "\"", "\\", "\\u00",
                                       " ",
                                       "\t", "\"pu\":5,", "\"b\":[[\"1\",\"1\"]],", "\"T\":1,", "\"C\":\"xp-7\","};
  for (uint32_t rounds = 1 + below(3); rounds > 0 && size; rounds--) {
    uint32_t at = below(size), n;
    switch (below(10)) {
    case 0:
      return below(size + 1); /* truncated */
    case 1:
      p[at] ^= (uint8_t)(1u << below(8));
      break;
    case 2:
      p[at] = (uint8_t)draw();
      break;
    case 3:
      n = 1 + below(size - at < 20 ? size - at : 20);
      memmove(p + at, p + at + n, size - at - n);
      size -= n;
      break;
    case 4: { /* said twice */
      uint8_t copy[64];
      n = size - at < sizeof copy ? size - at : (uint32_t)sizeof copy;
      n = 1 + below(n);
      memcpy(copy, p + at, n);
      size = insert(p, size, at, copy, n);
      break;
    }
    case 5: {
      const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
      size = insert(p, size, at, piece, (uint32_t)strlen(piece));
      break;
    }
    case 6:
    case 7: { /* another value */
      uint32_t start = value_start(p, size), end = start, depth = 0;
      for (int quoted = 0; end < size; end++) {
        uint8_t c = p[end];
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '{' || c == '[') depth++;
        if (!depth && (c == ',' || c == '}' || c == ']')) break;
        if (depth && (c == '}' || c == ']')) depth--;
      }
      const char *value = values[below(sizeof values / sizeof *values)];
      memmove(p + start, p + end, size - end);
      size = insert(p, size - (end - start), start, value, (uint32_t)strlen(value));
      break;
    }
    case 8: { /* a part of another frame */
      const struct bytes *other = &corpus[below(corpus_count)];
      uint32_t from = below(other->size);
      n = 1 + below(other->size - from < 200 ? other->size - from : 200);
      if (other->size) size = insert(p, size, at, other->data + from, n > other->size - from ? other->size - from : n);
      break;
    }
    default: /* one digit */
      while (at < size && (p[at] < '0' || p[at] > '9')) at++;
      if (at < size) p[at] = (uint8_t)('0' + below(10));
      break;
    }
  }
  return size;
}

struct seen {
  uint32_t texts, instruments;
};

/* The rules of event.h and adapter.h for one frame's events. */
static void check_group(const exprove_event *e, uint32_t count, struct seen *seen) {
  CHECK(count >= 1);
  for (uint32_t i = 0; i < count; i++, e++) {
    CHECK(!(e->flags & EXPROVE_FLAG_LAST) == (i + 1 < count));
    CHECK(e->reserved == 0 && !(e->flags & ~EXPROVE_FLAG_ALL));
    if (e->kind == EXPROVE_KIND_TEXT) {
      CHECK(e->instrument == seen->texts++ && e->level > 0 && e->level < EXPROVE_TEXT_BYTES);
      continue;
    }
    if (e->flags & EXPROVE_FLAG_NO_EVENT_TIME) CHECK(e->event_time == 0);
    CHECK(e->event_time >= 0 && e->side <= EXPROVE_SIDE_SELL);
    if (e->kind == EXPROVE_KIND_INSTRUMENT) {
      CHECK(e->instrument == seen->instruments++ && e->aux < seen->texts && e->level == 8);
      continue;
    }
    CHECK(e->instrument == EXPROVE_NO_INSTRUMENT || e->instrument < seen->instruments);
    CHECK(e->price >= 0 && e->quantity >= 0);
    if (e->flags & EXPROVE_FLAG_TEXT_ID) CHECK(e->order_id < seen->texts);
    switch (e->kind) {
    case EXPROVE_KIND_LEVEL: case EXPROVE_KIND_QUOTE: case EXPROVE_KIND_TRADE: case EXPROVE_KIND_OWN_NEW:
    case EXPROVE_KIND_OWN_FILLED: case EXPROVE_KIND_OWN_ACKNOWLEDGED:
      CHECK(e->side != EXPROVE_SIDE_NONE && e->instrument != EXPROVE_NO_INSTRUMENT);
      break;
    case EXPROVE_KIND_MALFORMED:
      CHECK(e->level >= EXPROVE_MALFORMED_SHORT && e->level <= EXPROVE_MALFORMED_TOO_MANY);
      break;
    case EXPROVE_KIND_CLEAR: case EXPROVE_KIND_GAP: case EXPROVE_KIND_NOTICE: case EXPROVE_KIND_UNKNOWN:
    case EXPROVE_KIND_OWN_CANCEL_REQUEST: case EXPROVE_KIND_OWN_REPLACE_REQUEST: case EXPROVE_KIND_OWN_REJECTED:
    case EXPROVE_KIND_OWN_CANCELLED: case EXPROVE_KIND_OWN_REPLACED: case EXPROVE_KIND_OWN_CANCEL_REJECTED:
      break;
    default:
      CHECK(!"a kind this adapter does not have");
    }
  }
}

/* Decodes frames [first, first + n) and appends the events; `exact` memory, so that neighbours are not readable. */
static uint32_t decode(const exprove_adapter *adapter, exprove_session *session, const struct bytes *frames,
                       const uint32_t *flags, uint32_t n, exprove_event *out, struct seen *seen) {
  uint64_t size = 0;
  uint32_t filled = 0;
  for (uint32_t i = 0; i < n; i++) size += frames[i].size;
  uint8_t *memory = malloc(size ? size : 1);
  exprove_frame table[BATCH_MAX];
  CHECK(memory);
  size = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (frames[i].size) memcpy(memory + size, frames[i].data, frames[i].size);
    table[i] = (exprove_frame){0, 0, (uint32_t)size, frames[i].size, 0, flags[i]};
    size += frames[i].size;
  }
  static exprove_event events[CAPACITY];
  for (uint32_t start = 0; start < n;) {
    exprove_batch batch = {sizeof batch, n - start, memory, size, table + start, events, CAPACITY, 0, 0, 0};
    CHECK(adapter->decode(session, &batch) == EXPROVE_OK);
    CHECK(batch.frames_used >= 1 && batch.frames_used <= n - start && batch.events_filled <= CAPACITY);
    for (uint32_t i = 0, e = 0; i < batch.frames_used; i++) {
      uint32_t first = e;
      while (e < batch.events_filled && events[e].frame == i) e++;
      check_group(events + first, e - first, seen);
      if (i + 1 == batch.frames_used) CHECK(e == batch.events_filled);
    }
    for (uint32_t e = 0; e < batch.events_filled; e++) events[e].frame += start;
    memcpy(out + filled, events, batch.events_filled * sizeof *events);
    filled += batch.events_filled;
    start += batch.frames_used;
  }
  free(memory);
  return filled;
}

static uint8_t *save(const exprove_adapter *adapter, const exprove_session *session, uint64_t *size) {
  CHECK(adapter->save(session, NULL, 0, size) == EXPROVE_TOO_SMALL);
  uint8_t *bytes = malloc(*size);
  CHECK(bytes && adapter->save(session, bytes, *size, size) == EXPROVE_OK);
  return bytes;
}

static void check_state(const exprove_adapter *adapter, const exprove_session *session, const exprove_adapter *adapter2,
                        const exprove_session *session2, const char *market) {
  uint64_t size, again;
  uint8_t *bytes = save(adapter, session, &size), *copy = save(adapter2, session2, &again);
  CHECK(again == size && memcmp(bytes, copy, size) == 0);
  free(copy);
  exprove_session *other = open_session(adapter, EXPROVE_CHANNEL_ORDER_ENTRY, market, draw());
  CHECK(adapter->load(other, bytes, size) == EXPROVE_OK);
  copy = save(adapter, other, &again);
  CHECK(again == size && memcmp(bytes, copy, size) == 0);
  free(copy);
  for (int i = 0; i < 4; i++) {
    uint64_t n = below(4) ? size : below((uint32_t)size + 1);
    uint8_t *damaged = malloc(n ? n : 1);
    CHECK(damaged);
    memcpy(damaged, bytes, n);
    for (uint32_t k = 1 + below(4); k > 0 && n; k--) damaged[below((uint32_t)n)] = (uint8_t)(below(2) ? draw() : 0xFF);
    exprove_status status = adapter->load(other, damaged, n);
    CHECK(status == EXPROVE_OK || status == EXPROVE_BAD_DATA);
    if (status == EXPROVE_OK) {
      copy = save(adapter, other, &again);
      CHECK(again == n && memcmp(damaged, copy, n) == 0);
      free(copy);
    }
    free(damaged);
  }
  free(bytes);
  adapter->destroy(other);
}

int main(int argc, char **argv) {
  CHECK(argc == 6);
  const exprove_adapter first = load_adapter(argv[1]), second = load_adapter(argv[2]);
  const double seconds = atof(argv[3]);
  state = strtoull(argv[4], NULL, 10) * 0x9E3779B97F4A7C15u + 1;
  read_corpus(argv[5]);
  static exprove_event one[BATCH_MAX * CAPACITY], two[BATCH_MAX * CAPACITY];
  static uint8_t memory[BATCH_MAX][FRAME_MAX];
  uint64_t frames_done = 0, good = 0, sessions = 0;
  time_t end = time(NULL) + (time_t)seconds;
  while (time(NULL) < end) {
    const char *market = below(2) ? "spot" : "usdm";
    exprove_session *a = open_session(&first, EXPROVE_CHANNEL_ORDER_ENTRY, market, draw());
    exprove_session *b = open_session(&second, EXPROVE_CHANNEL_ORDER_ENTRY, market, draw());
    struct seen in_a = {0, 0}, in_b = {0, 0};
    sessions++;
    for (uint32_t round = 0; round < 60; round++) {
      struct bytes frames[BATCH_MAX];
      uint32_t flags[BATCH_MAX], n = 1 + below(BATCH_MAX);
      for (uint32_t i = 0; i < n; i++) {
        const struct bytes *from = &corpus[below(corpus_count)];
        memcpy(memory[i], from->data, from->size);
        frames[i].data = memory[i];
        frames[i].size = below(4) ? mutate(memory[i], from->size) : from->size;
        flags[i] = (is_request(from) ? below(8) != 0 : below(40) == 0) ? EXPROVE_FRAME_OUTBOUND : 0;
      }
      uint32_t in_one = decode(&first, a, frames, flags, n, one, &in_a), in_two = 0;
      for (uint32_t i = 0; i < n; i++) {
        uint32_t got = decode(&second, b, frames + i, flags + i, 1, two + in_two, &in_b);
        for (uint32_t k = 0; k < got; k++) two[in_two + k].frame = i;
        in_two += got;
      }
      CHECK(in_one == in_two && memcmp(one, two, in_one * sizeof *one) == 0);
      for (uint32_t k = 0; k < in_one; k++) good += one[k].kind != EXPROVE_KIND_MALFORMED && one[k].flags & 1;
      frames_done += n;
    }
    check_state(&first, a, &second, b, market);
    CHECK(first.reset(a) == EXPROVE_OK);
    first.destroy(a);
    second.destroy(b);
  }
  printf("%llu frames in %llu sessions, %llu of them well-formed: the rules held\n", (unsigned long long)frames_done,
         (unsigned long long)sessions, (unsigned long long)good);
  for (uint32_t i = 0; i < corpus_count; i++) free(corpus[i].data);
  return 0;
}
