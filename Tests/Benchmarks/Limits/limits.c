/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "limits.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_value(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t limits_thread_time(void) { return clock_value(CLOCK_THREAD_CPUTIME_ID); }
uint64_t limits_process_time(void) { return clock_value(CLOCK_PROCESS_CPUTIME_ID); }
uint64_t limits_wall_time(void) { return clock_value(CLOCK_MONOTONIC); }

uint64_t limits_walk(const uint8_t *bytes, uint64_t size) {
  uint64_t frames = 0, next = 0;
  while (next + 2 <= size) {
    uint64_t after = next + 2 + ((uint64_t)bytes[next] << 8 | bytes[next + 1]);
    if (after > size) break;
    next = after;
    frames++;
  }
  return frames;
}

void limits_fill(exprove_event *events, uint32_t capacity, uint64_t count) {
  for (uint64_t first = 0; first < count; first += capacity) {
    uint32_t n = count - first < capacity ? (uint32_t)(count - first) : capacity;
    for (uint32_t i = 0; i < n; i++) {
      events[i] = (exprove_event){.event_time = (int64_t)(first + i), .venue_sequence = first + i, .order_id = i * 3u,
                                  .price = (int64_t)first, .quantity = (int64_t)n, .frame = i,
                                  .kind = EXPROVE_KIND_ORDER_DELETE, .flags = EXPROVE_FLAG_LAST};
      /* Each event is written, as it is in a decoder that does not know what comes next. */
      __asm__ volatile("" : : "r"(&events[i]) : "memory");
    }
  }
}

void limits_copy(uint8_t *to, const uint8_t *from, uint64_t size) {
  memcpy(to, from, size);
  __asm__ volatile("" : : "r"(to) : "memory");
}

/* These stand before the C library's, so that every sync of this program is counted. */
static uint64_t syncs;
uint64_t limits_syncs(void) { return syncs; }

int fsync(int descriptor) {
  syncs++;
  return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
  syncs++;
  return (int)syscall(SYS_fdatasync, descriptor);
}
