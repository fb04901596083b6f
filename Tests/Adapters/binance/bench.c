/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed over captures, against a bare walk over their line ends in the same run:
 *   bench <library> <spot|usdm> <unpacked capture> …
 * The frames (lines without their time stamp) are found beforehand, as a host finds them; what is timed is `decode`.
 */
#define _POSIX_C_SOURCE 199309L
#include "host.h"

#include <time.h>

#define BATCH 256u

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  CHECK(f && fseek(f, 0, SEEK_END) == 0);
  *size = (size_t)ftell(f);
  rewind(f);
  uint8_t *bytes = malloc(*size + 1);
  CHECK(bytes && fread(bytes, 1, *size, f) == *size);
  fclose(f);
  return bytes;
}

int main(int argc, char **argv) {
  CHECK(argc >= 4);
  const exprove_adapter adapter = load_adapter(argv[1]);
  exprove_event *events = malloc(2 * CAPACITY * sizeof *events);
  CHECK(events);
  for (int a = 2; a + 1 < argc; a += 2) {
    size_t size;
    uint8_t *bytes = read_file(argv[a + 1], &size);
    uint32_t count = 0, capacity = 1 << 20;
    exprove_frame *frames = calloc(capacity, sizeof *frames);
    CHECK(frames);
    uint64_t payload = 0;
    for (uint8_t *p = bytes, *end = bytes + size; p < end;) {
      uint8_t *line_end = memchr(p, '\n', (size_t)(end - p)), *space = memchr(p, ' ', (size_t)(end - p));
      if (!line_end) line_end = end;
      CHECK(space && space < line_end && count < capacity);
      frames[count].data = (uint32_t)(space + 1 - bytes);
      frames[count].length = (uint32_t)(line_end - space - 1);
      payload += frames[count++].length;
      p = line_end + 1;
    }
    double walk = 1e9, decode = 1e9;
    uint64_t made = 0;
    for (int round = 0; round < 60; round++) {
      double start = now();
      uint32_t lines = 0;
      for (uint8_t *p = bytes, *end = bytes + size; p < end; p++, lines++)
        if (!(p = memchr(p, '\n', (size_t)(end - p)))) break;
      double took = now() - start;
      CHECK(lines == count);
      if (took < walk) walk = took;
      exprove_session *session = open_session(&adapter, EXPROVE_CHANNEL_MARKET_DATA, argv[a], 1);
      made = 0;
      start = now();
      for (uint32_t i = 0; i < count;) {
        uint32_t n = count - i < BATCH ? count - i : BATCH;
        exprove_batch batch = {sizeof batch, n, bytes, size, frames + i, events, 2 * CAPACITY, 0, 0, 0};
        CHECK(adapter.decode(session, &batch) == EXPROVE_OK);
        i += batch.frames_used;
        made += batch.events_filled;
      }
      took = now() - start;
      if (took < decode) decode = took;
      adapter.destroy(session);
    }
    printf("%s: %u messages, %llu events, %.1f MB\n", argv[a], count, (unsigned long long)made, (double)payload * 1e-6);
    printf("  decode      %8.0f MB/s  %6.2f M messages/s  %6.2f M events/s  %5.0f ns a message\n",
           (double)payload * 1e-6 / decode, count * 1e-6 / decode, (double)made * 1e-6 / decode, decode * 1e9 / count);
    printf("  newline walk%8.0f MB/s  %6.2f M lines/s  (%.1f times the speed of decode)\n", (double)size * 1e-6 / walk,
           count * 1e-6 / walk, decode / walk);
    free(frames);
    free(bytes);
  }
  return 0;
}
