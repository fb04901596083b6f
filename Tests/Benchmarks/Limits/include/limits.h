/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benchmarks hold ExProve against within the same process: clocks, loops that do as little as the task
 * allows, a book as a textbook has it, and a count of the calls that make data durable.
 */
#ifndef EXPROVE_BENCHMARK_LIMITS_H
#define EXPROVE_BENCHMARK_LIMITS_H

#include <exprove/event.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Nanoseconds of processor time that the calling thread used: unlike the wall's they don't grow while others run. */
uint64_t limits_thread_time(void);
/* The same of all threads of the process, for work that several share. */
uint64_t limits_process_time(void);
/* Nanoseconds of the wall, for what waits for a disk. */
uint64_t limits_wall_time(void);

/* Walks from one 2-byte length to the next; returns the number of frames. */
uint64_t limits_walk(const uint8_t *bytes, uint64_t size);
/* Fills `count` events, again and again the same `capacity` of them. */
void limits_fill(exprove_event *events, uint32_t capacity, uint64_t count);
/* memcpy. */
void limits_copy(uint8_t *to, const uint8_t *from, uint64_t size);

/* How often this process called fsync or fdatasync. */
uint64_t limits_syncs(void);

/* std::map for the levels and std::unordered_map for the orders. */
typedef struct limits_books limits_books;
limits_books *limits_books_create(uint32_t instruments);
void limits_books_destroy(limits_books *books);
void limits_books_apply(limits_books *books, const exprove_event *events, uint64_t count);
/* Price and quantity of the best bid and the best ask, zeros where there is none. */
void limits_books_top(const limits_books *books, uint32_t instrument, int64_t top[4]);

#ifdef __cplusplus
}
#endif

#endif /* EXPROVE_BENCHMARK_LIMITS_H */
