/* SPDX-License-Identifier: Apache-2.0
 *
 * Random frames through the adapter, built together with it under address and undefined-behaviour sanitizers.
 *
 *   fuzz [SEED] [ROUNDS]
 *
 * Each round makes frames (well-formed ones of every type, then cut, grown, flipped or random), decodes them
 * twice with other batch sizes and capacities, once across a save and load, and demands the rules of the ABI and
 * equal events. Saved state is then broken and offered. Frames lie at the end of exact allocations, so that one
 * byte read too far is seen. Prints the seed of the round that fails.
 */
#include <exprove/adapter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAMES = 300, CAPACITY = 4096, MOST_EVENTS = MOST_FRAMES * 4096 };

static uint64_t state;
static uint64_t random64(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state * 0x2545F4914F6CDD1Du;
}
static uint32_t below(uint32_t n) { return (uint32_t)((random64() >> 32) % n); }

static uint64_t failing;
#define DEMAND(condition)                                                                        \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      fprintf(stderr, "fuzz: seed %llu: line %d: %s\n", (unsigned long long)failing, __LINE__, #condition); \
      abort();                                                                                   \
    }                                                                                            \
  } while (0)

static const char itch_types[] = "SRHYLVWKJhAFECXDUPQBINO";
static const uint8_t itch_sizes[] = {12, 39, 25, 20, 26, 35, 12, 28, 35, 21,
                                      36, 40, 31, 36, 23, 19, 35, 44, 40, 19, 50, 20, 48};
static const char sent_types[] = "OUXMN";
static const uint8_t sent_sizes[] = {49, 47, 19, 20, 15};
static const char got_types[] = "SAUCDEGFBJPITM";
static const uint8_t got_sizes[] = {10, 66, 80, 28, 37, 40, 45, 41, 32, 24, 23, 23, 36, 28};
static const char letters[] = "BSTEYNLDQUAPXIHCFGO012";

static void put_symbol(uint8_t *p) {
  static const char *symbols[] = {"AAPL    ", "MSFT    ", "ZVZZT   "};
  memcpy(p, symbols[below(3)], 8);
}
static void put_token(uint8_t *p) {
  char text[40];
  uint32_t number = below(9) + 1;
  snprintf(text, sizeof text, below(4) ? "X%013u" : "foreign%-7u", number);
  memcpy(p, text, 14);
}

/* A message whose letters are likely and whose numbers are anything. */
static uint32_t make(uint8_t *p, int channel, int outbound) {
  const char *types = channel == EXPROVE_CHANNEL_MARKET_DATA ? itch_types : outbound ? sent_types : got_types;
  const uint8_t *sizes = channel == EXPROVE_CHANNEL_MARKET_DATA ? itch_sizes : outbound ? sent_sizes : got_sizes;
  uint32_t i = below((uint32_t)strlen(types)), size = sizes[i];
  for (uint32_t k = 0; k < size; k++) {
    p[k] = below(3) ? (uint8_t)letters[below(sizeof letters - 1)] : (uint8_t)random64();
  }
  p[0] = (uint8_t)types[i];
  if (channel == EXPROVE_CHANNEL_MARKET_DATA) {
    static const uint8_t at[] = {0, 11, 11, 11, 15, 0, 0, 11, 11, 11, 24, 24, 0, 0, 0, 0, 0, 24, 19, 0, 28, 11, 11};
    p[1] = 0;
    p[2] = (uint8_t)below(4);
    p[5] = (uint8_t)below(0x40);
    if (at[i] != 0) put_symbol(p + at[i]);
  } else if (outbound) {
    put_token(p + 1);
    if (p[0] == 'U') put_token(p + 15);
    if (p[0] == 'O') put_symbol(p + 20);
  } else {
    memset(p + 1, 0, 3);
    p[3] = (uint8_t)below(0x40);
    if (size > 22) put_token(p + 9);
    if (p[0] == 'A' || p[0] == 'U') put_symbol(p + 28);
    if (p[0] == 'U') put_token(p + 65);
    if (p[0] == 'D' && below(2)) p[size++] = 'R';
  }
  return size;
}

static uint32_t distort(uint8_t *p, uint32_t size) {
  switch (below(6)) {
  case 0: return below(size + 1);
  case 1:
    for (uint32_t n = below(6); n > 0; n--) p[size++] = (uint8_t)random64();
    return size;
  case 2:
    for (uint32_t n = below(4) + 1; n > 0 && size > 0; n--) {
      uint32_t at = below(size);
      p[at] ^= (uint8_t)(1u << below(8));
    }
    return size;
  case 3:
    size = below(120);
    for (uint32_t k = 0; k < size; k++) p[k] = (uint8_t)random64();
    return size;
  default:
    if (size > 0) {
      uint32_t at = below(size);
      p[at] = (uint8_t[]){0, 0xFF, 0x20, 0x7F, 'B'}[below(5)];
    }
    return size;
  }
}

typedef struct work {
  uint8_t *bytes[MOST_FRAMES]; /* each an allocation of its own */
  uint32_t sizes[MOST_FRAMES], flags[MOST_FRAMES];
  uint32_t count;
} work;

static void make_work(work *w, int framing, int channel) {
  uint8_t p[70000];
  uint64_t sequence = 1;
  w->count = 1 + below(MOST_FRAMES);
  for (uint32_t i = 0; i < w->count; i++) {
    uint32_t size;
    int outbound = below(2) == 0;
    if (framing == EXPROVE_FRAMING_PACKET) {
      uint32_t count = below(below(20) ? 6 : 700);
      memcpy(p, below(30) ? "SESSION001" : "SESSION002", 10);
      if (below(12) == 0) sequence += below(20);
      if (below(12) == 0 && sequence > 20) sequence -= below(20);
      for (int k = 0; k < 8; k++) p[10 + k] = (uint8_t)(sequence >> (56 - 8 * k));
      p[18] = (uint8_t)(count >> 8);
      p[19] = (uint8_t)count;
      size = 20;
      for (uint32_t k = 0; k < count; k++) {
        uint32_t one = make(p + size + 2, channel, 0);
        if (below(10) == 0) one = distort(p + size + 2, one);
        p[size] = (uint8_t)(one >> 8);
        p[size + 1] = (uint8_t)one;
        size += 2 + one;
      }
      sequence += count;
      outbound = below(50) == 0;
    } else {
      size = make(p, channel, outbound);
    }
    if (below(5) == 0) size = distort(p, size);
    w->bytes[i] = malloc(size > 0 ? size : 1);
    memcpy(w->bytes[i], p, size);
    w->sizes[i] = size;
    w->flags[i] = outbound ? EXPROVE_FRAME_OUTBOUND : 0;
  }
}

static void check_rules(const exprove_event *e, uint32_t filled, uint32_t used, uint32_t *texts,
                        uint32_t *instruments) {
  uint32_t frame = 0;
  for (uint32_t i = 0; i < filled; i++) {
    DEMAND(e[i].reserved == 0 && (e[i].flags & ~EXPROVE_FLAG_ALL) == 0 && e[i].side <= 2);
    DEMAND(e[i].frame == frame || (e[i].frame == frame + 1 && i > 0 && (e[i - 1].flags & EXPROVE_FLAG_LAST)));
    frame = e[i].frame;
    if (e[i].kind == EXPROVE_KIND_TEXT) {
      DEMAND(e[i].instrument == (*texts)++ && e[i].level > 0 && e[i].level < 40);
      continue;
    }
    if (e[i].kind == EXPROVE_KIND_INSTRUMENT) DEMAND(e[i].instrument == (*instruments)++ && e[i].aux < *texts);
    DEMAND(e[i].instrument == EXPROVE_NO_INSTRUMENT || e[i].instrument < *instruments);
    DEMAND(e[i].quantity >= 0 && e[i].price >= 0);
    DEMAND(!(e[i].flags & EXPROVE_FLAG_NO_EVENT_TIME) || e[i].event_time == 0);
    DEMAND(!(e[i].flags & EXPROVE_FLAG_NO_PRICE) || e[i].price == 0);
    DEMAND(!(e[i].flags & EXPROVE_FLAG_TEXT_ID) || e[i].order_id < *texts);
  }
  DEMAND(filled > 0 && frame == used - 1 && (e[filled - 1].flags & EXPROVE_FLAG_LAST));
}

/* Decodes all frames in batches, across a save and load where `jump` says; events get the frame's own index. */
static uint64_t run(const exprove_adapter *a, const exprove_config *config, const work *w, uint32_t batch_size,
                    uint32_t capacity, uint32_t jump, exprove_event *out, uint8_t **saved, uint64_t *saved_size) {
  exprove_session *s = NULL;
  DEMAND(a->create(config, &s, NULL) == EXPROVE_OK);
  exprove_event *events = malloc(capacity * sizeof *events);
  uint64_t filled = 0;
  uint32_t texts = 0, instruments = 0;
  for (uint32_t done = 0; done < w->count;) {
    if (done >= jump) {
      uint64_t size = 0;
      DEMAND(a->save(s, NULL, 0, &size) == EXPROVE_TOO_SMALL);
      uint8_t *bytes = malloc(size);
      DEMAND(a->save(s, bytes, size, &size) == EXPROVE_OK);
      a->destroy(s);
      DEMAND(a->create(config, &s, NULL) == EXPROVE_OK);
      DEMAND(a->load(s, bytes, size) == EXPROVE_OK);
      free(bytes);
      jump = UINT32_MAX;
    }
    uint32_t n = w->count - done < batch_size ? w->count - done : batch_size;
    exprove_frame *frames = calloc(n, sizeof *frames);
    uint64_t size = 0;
    for (uint32_t i = 0; i < n; i++) size += w->sizes[done + i];
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
      memcpy(bytes + at, w->bytes[done + i], w->sizes[done + i]);
      frames[i] = (exprove_frame){.data = at, .length = w->sizes[done + i], .flags = w->flags[done + i]};
      at += w->sizes[done + i];
    }
    exprove_batch batch = {.struct_size = sizeof batch, .frame_count = n, .bytes = bytes, .bytes_size = size,
                           .frames = frames, .events = events, .event_capacity = capacity};
    DEMAND(a->decode(s, &batch) == EXPROVE_OK);
    DEMAND(batch.frames_used > 0 && batch.frames_used <= n && batch.events_filled <= capacity);
    check_rules(events, batch.events_filled, batch.frames_used, &texts, &instruments);
    int64_t *times = malloc(n * sizeof *times);
    DEMAND(a->frame_time(s, bytes, size, frames, n, times) == EXPROVE_OK);
    DEMAND(filled + batch.events_filled <= MOST_EVENTS);
    for (uint32_t i = 0; i < batch.events_filled; i++) {
      out[filled] = events[i];
      out[filled++].frame += done;
    }
    done += batch.frames_used;
    free(times);
    free(bytes);
    free(frames);
  }
  DEMAND(a->save(s, NULL, 0, saved_size) == EXPROVE_TOO_SMALL);
  *saved = malloc(*saved_size);
  DEMAND(a->save(s, *saved, *saved_size, saved_size) == EXPROVE_OK);
  a->destroy(s);
  free(events);
  return filled;
}

static void break_state(const exprove_adapter *a, const exprove_config *config, const work *w, uint8_t *saved,
                        uint64_t size) {
  exprove_session *s = NULL;
  DEMAND(a->create(config, &s, NULL) == EXPROVE_OK);
  for (int trial = 0; trial < 20; trial++) {
    uint64_t cut = below(4) ? size : below((uint32_t)size + 1);
    uint8_t *bytes = malloc(cut > 0 ? cut : 1);
    memcpy(bytes, saved, cut);
    for (uint32_t n = below(4); n > 0 && cut > 0; n--) bytes[below((uint32_t)cut)] = (uint8_t)random64();
    exprove_status status = a->load(s, bytes, cut);
    DEMAND(status == EXPROVE_OK || status == EXPROVE_BAD_DATA);
    if (status == EXPROVE_OK) {
      uint64_t again = 0;
      uint8_t *copy = malloc(cut);
      DEMAND(a->save(s, copy, cut, &again) == EXPROVE_OK && again == cut && memcmp(copy, bytes, cut) == 0);
      free(copy);
      exprove_event *events = malloc(CAPACITY * sizeof *events);
      for (uint32_t i = 0; i < w->count; i++) {
        exprove_frame frame = {.length = w->sizes[i], .flags = w->flags[i]};
        exprove_batch batch = {.struct_size = sizeof batch, .frame_count = 1, .bytes = w->bytes[i],
                               .bytes_size = w->sizes[i], .frames = &frame, .events = events,
                               .event_capacity = CAPACITY};
        DEMAND(a->decode(s, &batch) == EXPROVE_OK && batch.frames_used == 1 && batch.events_filled > 0);
      }
      free(events);
    }
    free(bytes);
  }
  a->destroy(s);
}

int main(int count, char **arguments) {
  uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
  uint32_t rounds = count > 2 ? (uint32_t)atoi(arguments[2]) : 200;
  exprove_adapter adapter = {.struct_size = sizeof adapter};
  if (exprove_adapter_entry(EXPROVE_ABI_VERSION_1_0, &adapter) != EXPROVE_OK) return 1;
  static const struct { uint32_t framing, channel; } forms[] = {
      {EXPROVE_FRAMING_LENGTH16, EXPROVE_CHANNEL_MARKET_DATA}, {EXPROVE_FRAMING_MESSAGE, EXPROVE_CHANNEL_MARKET_DATA},
      {EXPROVE_FRAMING_PACKET, EXPROVE_CHANNEL_MARKET_DATA},   {EXPROVE_FRAMING_LENGTH16, EXPROVE_CHANNEL_ORDER_ENTRY},
      {EXPROVE_FRAMING_MESSAGE, EXPROVE_CHANNEL_ORDER_ENTRY}};
  exprove_event *first = malloc(MOST_EVENTS * sizeof *first), *second = malloc(MOST_EVENTS * sizeof *second);
  uint64_t events = 0, frames = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    failing = seed + round;
    state = (failing + 1) * 0x9E3779B97F4A7C15u;
    uint32_t form = below(5);
    exprove_config config = {.struct_size = sizeof config, .framing = forms[form].framing,
                             .channel = forms[form].channel,
                             .day_start = 1580360400000000000, .seed = random64()};
    static work w;
    make_work(&w, (int)config.framing, (int)config.channel);
    uint8_t *saved, *other;
    uint64_t size, other_size;
    uint64_t n = run(&adapter, &config, &w, MOST_FRAMES, CAPACITY, UINT32_MAX, first, &saved, &size);
    config.seed = random64(); /* no result may depend on it */
    uint32_t batch_size = 1 + below(40), capacity = CAPACITY + below(3000), jump = below(w.count);
    uint64_t m = run(&adapter, &config, &w, batch_size, capacity, jump, second, &other, &other_size);
    DEMAND(n == m && memcmp(first, second, n * sizeof *first) == 0);
    DEMAND(size == other_size && memcmp(saved, other, size) == 0);
    break_state(&adapter, &config, &w, saved, size);
    events += n;
    frames += w.count;
    for (uint32_t i = 0; i < w.count; i++) free(w.bytes[i]);
    free(saved);
    free(other);
  }
  free(first);
  free(second);
  printf("{\"rounds\": %u, \"frames\": %llu, \"events\": %llu}\n", rounds, (unsigned long long)frames,
         (unsigned long long)events);
  return 0;
}
