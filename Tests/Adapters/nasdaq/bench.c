/* SPDX-License-Identifier: Apache-2.0
 *
 * How many ITCH messages a second `decode` takes, beside a bare loop that only fills 64-byte events.
 *
 *   bench ADAPTER.so CAPTURE [SYMBOLS] [BATCH]
 *
 * CAPTURE has 2-byte length prefixes. With SYMBOLS above 1 its messages are dealt to that many stocks, each
 * with a locate and a definition of its own, in a fixed pseudo-random order, so that tables do not sit in L1.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <exprove/adapter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t state = 88172645463325252u;
static uint32_t chance(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 33) % below;
}

static uint32_t stock_at(uint8_t type) {
  switch (type) {
  case 'A': case 'F': case 'P': return 24;
  case 'R': case 'H': case 'Y': return 11;
  case 'L': return 15;
  default: return 0;
  }
}

static void deal(uint8_t *m, uint32_t stock) {
  char symbol[16];
  snprintf(symbol, sizeof symbol, "S%-7u", stock);
  m[1] = (uint8_t)(stock >> 8);
  m[2] = (uint8_t)stock;
  if (stock_at(m[0]) != 0) memcpy(m + stock_at(m[0]), symbol, 8);
}

static void check(int good, const char *what) {
  if (!good) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
  }
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int count, char **arguments) {
  check(count >= 3, "bench ADAPTER.so CAPTURE [SYMBOLS] [BATCH]");
  uint32_t symbols = count > 3 ? (uint32_t)atoi(arguments[3]) : 1;
  uint32_t batch_size = count > 4 ? (uint32_t)atoi(arguments[4]) : 1024;
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  check(library != NULL, "cannot load the adapter");
  exprove_status (*entry)(uint32_t, exprove_adapter *);
  *(void **)&entry = dlsym(library, "exprove_adapter_entry");
  exprove_adapter adapter = {.struct_size = sizeof adapter};
  check(entry(EXPROVE_ABI_VERSION_1_0, &adapter) == EXPROVE_OK, "entry");

  FILE *file = fopen(arguments[2], "rb");
  check(file != NULL, "cannot open the capture");
  enum { REPEAT = 100 };
  fseek(file, 0, SEEK_END);
  long capture_size = ftell(file);
  rewind(file);
  uint8_t *capture = malloc((size_t)capture_size);
  check(fread(capture, 1, (size_t)capture_size, file) == (size_t)capture_size, "cannot read the capture");
  size_t bytes_size = (size_t)capture_size * REPEAT + 41 * (size_t)symbols;
  uint8_t *bytes = malloc(bytes_size);
  exprove_frame *frames = calloc(REPEAT * 20000 + symbols, sizeof *frames);
  uint32_t total = 0;
  uint64_t at = 0;
  for (uint32_t i = 0; i < symbols && symbols > 1; i++) { /* definitions first */
    uint8_t r[39] = {'R'};
    deal(r, i + 1);
    memcpy(bytes + at, r, sizeof r);
    frames[total++] = (exprove_frame){.data = (uint32_t)at, .length = sizeof r, .offset = at};
    at += sizeof r;
  }
  for (int repeat = 0; repeat < REPEAT; repeat++) {
    for (long p = 0; p + 2 <= capture_size;) {
      uint32_t length = (uint32_t)capture[p] << 8 | capture[p + 1];
      memcpy(bytes + at, capture + p + 2, length);
      if (symbols > 1) deal(bytes + at, 1 + chance(symbols));
      frames[total++] = (exprove_frame){.data = (uint32_t)at, .length = length, .offset = at};
      at += length + 2;
      p += 2 + length;
    }
  }
  uint32_t capacity = 4096 > batch_size ? 4096 : batch_size;
  exprove_event *events = aligned_alloc(64, capacity * sizeof *events);
  /* The host hands each batch its own small frame table and bytes; copying them stands for framing. */
  exprove_frame *table = aligned_alloc(64, capacity * sizeof *table);
  exprove_config config = {.struct_size = sizeof config, .framing = EXPROVE_FRAMING_LENGTH16,
                           .channel = EXPROVE_CHANNEL_MARKET_DATA, .day_start = 1580360400000000000};
  enum { ROUNDS = 25 };
  double decode[ROUNDS], fill[ROUNDS];
  uint64_t sum = 0, made = 0;
  for (int round = 0; round < ROUNDS; round++) {
    exprove_session *session = NULL;
    check(adapter.create(&config, &session, NULL) == EXPROVE_OK, "create");
    double spent = 0;
    made = 0;
    for (uint32_t first = 0; first < total;) {
      uint32_t n = total - first < batch_size ? total - first : batch_size;
      memcpy(table, frames + first, n * sizeof *table);
      exprove_batch batch = {.struct_size = sizeof batch, .frame_count = n, .bytes = bytes, .bytes_size = bytes_size,
                             .frames = table, .events = events, .event_capacity = capacity};
      for (uint32_t i = 0; i < n; i++) sum += bytes[table[i].data]; /* framing has touched the bytes */
      double begin = now();
      check(adapter.decode(session, &batch) == EXPROVE_OK && batch.frames_used > 0, "decode");
      spent += now() - begin;
      first += batch.frames_used;
      made += batch.events_filled;
      sum += events[batch.events_filled - 1].venue_sequence;
    }
    decode[round] = spent;
    adapter.destroy(session);
    spent = 0;
    for (uint32_t first = 0; first < total; first += batch_size) {
      uint32_t n = total - first < batch_size ? total - first : batch_size;
      double begin = now();
      for (uint32_t i = 0; i < n; i++) {
        events[i] = (exprove_event){.event_time = (int64_t)i, .venue_sequence = first + i, .order_id = i * 3u,
                                    .price = (int64_t)first, .quantity = (int64_t)n, .frame = i, .kind = 1, .flags = 1};
        __asm__ volatile("" : : "r"(&events[i]) : "memory");
      }
      spent += now() - begin;
    }
    fill[round] = spent;
  }
  qsort(decode, ROUNDS, sizeof *decode, by_value);
  qsort(fill, ROUNDS, sizeof *fill, by_value);
  printf("{\"symbols\": %u, \"batch\": %u, \"messages\": %u, \"events\": %llu, \"decode_million_per_second\": %.1f, "
         "\"decode_best\": %.1f, \"bare_fill_million_per_second\": %.1f, \"check\": %llu}\n",
         symbols, batch_size, total, (unsigned long long)made, total / decode[ROUNDS / 2] * 1e-6,
         total / decode[0] * 1e-6,
         total / fill[ROUNDS / 2] * 1e-6, (unsigned long long)(sum & 0xFFFF));
  return 0;
}
