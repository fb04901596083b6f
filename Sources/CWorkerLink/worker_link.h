/* SPDX-License-Identifier: Apache-2.0
 *
 * How a host and the worker process of one adapter session talk: two memory files, each written by one side only.
 *
 *   inlet   written by the host, mapped read-only by the worker:
 *           worker_setup · worker_orders · frame table · bytes of the frames · note of the host (1 MiB)
 *   outlet  written by the worker, mapped read-only by the host:
 *           worker_answers · log lines · event slots, a ring · note of the worker (1 MiB)
 *
 * The indices of either side stand on a page of their own. One call is under way at a time; while it decodes, the worker
 * fills event slots and the host takes them. All that the outlet says is hostile: the host copies a value once and
 * checks the copy.
 *
 * The frames that were decoded since the state was last saved stay in the inlet: a new worker is told of them again, and
 * finds them there. Frame table and bytes have two halves. The host lends the first one to a batch, which so is filled
 * where the worker reads it; to the second it copies the frames of all other batches.
 *
 * Where the system lets it, the host keeps the worker on the processor that it runs on itself. Then what either side
 * writes lies in that processor's caches for the other, and a wait costs two switches and nobody's wake-up elsewhere.
 */
#ifndef EXPROVE_WORKER_LINK_H
#define EXPROVE_WORKER_LINK_H

#include <stddef.h>
#include <stdint.h>

#define WORKER_LINK_VERSION 2u
#define WORKER_PAGE 4096u
#define WORKER_NOTE_SIZE (1u << 20)
#define WORKER_TEXT_SIZE 512u
#define WORKER_LOG_LINES 256u
#define WORKER_LOG_TEXT 248u

/* What the worker finds at which descriptor. */
#define WORKER_INLET_FD 3
#define WORKER_OUTLET_FD 4
#define WORKER_ADAPTER_FD 5

typedef enum worker_call {
  WORKER_CALL_NONE = 0,
  WORKER_CALL_START,     /* sandbox, load, entry, init and create, as the setup says */
  WORKER_CALL_RESET,
  WORKER_CALL_DECODE,    /* `frame_count` frames of the table from `first` on, as they become `available`; gives event
                            slots */
  WORKER_CALL_COUNTERS,  /* `size`: how many; values to the note */
  WORKER_CALL_SAVE,      /* keeps the state; its size to `size`, as much of it as fits to the note */
  WORKER_CALL_SAVED,     /* `size` bytes of the kept state from `offset` on, to the note */
  WORKER_CALL_RESTORE,   /* bytes of the note to `offset` of a state of `total` bytes; the last ones load it */
  WORKER_CALL_FRAME_TIME, /* of `frame_count` frames from `first` on, to the note */
  WORKER_CALL_ENCODE,    /* the request of the note; its bytes to the note, their count to `size` */
  WORKER_CALL_EXTENSION, /* `offset`: a worker_extension; the rest as it says */
  WORKER_CALL_HOOK       /* the request at the beginning of the frames' bytes; what the function answers to `size` */
} worker_call;

/* Calls of extensions. EXPROVE_NOT_IMPLEMENTED: the adapter has no such table or slot. */
typedef enum worker_extension {
  WORKER_EXTENSION_HEALTH = 1,   /* a record of `size` bytes to the note */
  WORKER_EXTENSION_CAPABILITIES, /* a record of `size` bytes to the note */
  WORKER_EXTENSION_SNAPSHOT,     /* for the event of the note: a record of `size` bytes and `total` bytes of request to it */
  WORKER_EXTENSION_INSTRUMENTS   /* from number `first` on, up to `size` records of `total` bytes: two counts, then records
                                    from byte 64 of the note on */
} worker_extension;

/* Steps of the adapter's own code, for saying where it was when it failed. */
typedef enum worker_step {
  WORKER_STEP_OUTSIDE = 0,
  WORKER_STEP_DLOPEN,
  WORKER_STEP_ENTRY,
  WORKER_STEP_INIT,
  WORKER_STEP_CREATE,
  WORKER_STEP_RESET,
  WORKER_STEP_DECODE,
  WORKER_STEP_COUNTERS,
  WORKER_STEP_SAVE,
  WORKER_STEP_LOAD,
  WORKER_STEP_FRAME_TIME,
  WORKER_STEP_EXTENSION,
  WORKER_STEP_ENCODE,
  WORKER_STEP_HOOK
} worker_step;

/* What the manifest says that the adapter cannot do without. */
#define WORKER_NEEDS_ENTROPY 1u    /* getrandom(2) */
#define WORKER_NEEDS_EARLY_LOAD 2u /* its start-up does not work inside the sandbox: it stands after init */

/* The first bytes of the note of the host, before START: names of system libraries, then settings as key and value,
 * each text with its terminator; then the manifest's bytes. */
typedef struct worker_setup {
  uint32_t version;
  int32_t host; /* the process that started the worker */
  uint32_t version_count;
  uint32_t versions[4]; /* of the ABI, in the order in which they are offered */
  uint32_t framing, channel;
  int64_t day_start;
  uint64_t seed;
  uint32_t max_events;
  uint32_t needs;
  uint64_t memory; /* most bytes of address space besides what the worker has at its start */
  uint32_t library_count, setting_count;
  uint32_t sealed_count; /* libraries at the descriptors behind the adapter's */
  uint32_t program_size; /* of the binder's program, at the descriptor behind those; 0: the adapter has an entry itself */
  uint32_t text_size, manifest_size;
  uint32_t frame_capacity, slot_count, slot_events, has_frame_time;
  uint32_t is_hooks; /* the library is one of policy hooks and objective terms, without an entry */
  uint64_t byte_capacity;
} worker_setup;

/* Written by the host. */
typedef struct worker_orders {
  uint32_t posted;     /* calls so far; a futex */
  uint32_t taken;      /* event slots taken so far; a futex */
  uint32_t is_waiting; /* the host sleeps on `progress` */
  uint32_t available;  /* frames of the call to decode that lie there; a futex */
  uint32_t call;
  uint32_t frame_count, frames_per_call;
  uint64_t bytes_offset, bytes_size; /* of the frames' bytes among those of the inlet */
  uint64_t budget; /* events that may be filled in all */
  uint64_t offset, size, total;
  uint32_t first;
  uint32_t is_beside; /* the host runs on the worker's processor: what it waits for does not come while it looks */
} worker_orders;

/* Written by the worker. */
typedef struct worker_answers {
  uint32_t progress; /* grows with every slot and every answer; a futex */
  uint32_t answered; /* calls so far */
  uint32_t filled;   /* event slots so far */
  uint32_t is_waiting; /* the worker sleeps on `posted`, `taken` or `available` */
  int32_t status;
  uint32_t text_size;
  uint64_t size;
  uint32_t abi_version;
  /* The sandbox, as far as it stands. */
  uint32_t is_ready; /* nothing of the adapter ran before this was set */
  uint32_t no_new_privileges, limits, landlock, seccomp;
  /* Where it was, for the case that it does not come back. */
  uint32_t step;
  uint32_t frame; /* the first one of the call to decode */
  uint32_t frames;
  uint32_t signal;
  uint32_t system_call; /* that the filter stopped, plus 1 */
  uint64_t calls;
  uint64_t address, instruction; /* of the fault; the instruction relative to the adapter's code, or 0 */
  uint32_t log_count;
  uint32_t is_out_of_memory; /* no megabyte of address space was left */
  uint32_t bound_function; /* of a binding: the number of the library's function that was being called, from 1 */
  char text[WORKER_TEXT_SIZE];
} worker_answers;

typedef struct worker_log_line {
  uint32_t level, size;
  char text[WORKER_LOG_TEXT];
} worker_log_line;

/* At the beginning of a slot. The events end where a page begins that nobody may touch, so that none can be written
 * behind the last one unnoticed. */
typedef struct worker_slot {
  int32_t status;
  uint32_t used, filled;
  uint32_t reserved[13];
} worker_slot;

_Static_assert(sizeof(worker_setup) <= WORKER_PAGE && sizeof(worker_orders) <= WORKER_PAGE, "one page each");
_Static_assert(sizeof(worker_answers) <= WORKER_PAGE && sizeof(worker_slot) == 64, "one page, one cache line");

/* --- Where things lie ------------------------------------------------------------------------- */

static inline uint64_t worker_pages(uint64_t size) { return (size + WORKER_PAGE - 1) / WORKER_PAGE * WORKER_PAGE; }

static inline uint64_t worker_orders_offset(void) { return WORKER_PAGE; }
static inline uint64_t worker_frames_offset(void) { return 2 * WORKER_PAGE; }
static inline uint64_t worker_bytes_offset(const worker_setup *setup) {
  return worker_frames_offset() + worker_pages((uint64_t)setup->frame_capacity * 32);
}
static inline uint64_t worker_host_note_offset(const worker_setup *setup) {
  return worker_bytes_offset(setup) + worker_pages(setup->byte_capacity);
}
static inline uint64_t worker_inlet_size(const worker_setup *setup) {
  return worker_host_note_offset(setup) + WORKER_NOTE_SIZE;
}

static inline uint64_t worker_log_offset(void) { return WORKER_PAGE; }
static inline uint64_t worker_slots_offset(void) {
  return worker_log_offset() + worker_pages((uint64_t)WORKER_LOG_LINES * sizeof(worker_log_line));
}
/* Without the page behind it. */
static inline uint64_t worker_slot_room(const worker_setup *setup) {
  return worker_pages(sizeof(worker_slot) + (uint64_t)setup->slot_events * 64);
}
static inline uint64_t worker_slot_size(const worker_setup *setup) { return worker_slot_room(setup) + WORKER_PAGE; }
static inline uint64_t worker_events_offset(const worker_setup *setup, uint32_t capacity) {
  return worker_slot_room(setup) - (uint64_t)capacity * 64;
}
static inline uint64_t worker_note_offset(const worker_setup *setup) {
  return worker_slots_offset() + worker_slot_size(setup) * setup->slot_count;
}
static inline uint64_t worker_outlet_size(const worker_setup *setup) {
  return worker_note_offset(setup) + WORKER_NOTE_SIZE;
}

/* --- Indices ---------------------------------------------------------------------------------- */

static inline uint32_t worker_read(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void worker_write(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

static inline void worker_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* How often an index is looked at before a process sleeps. First it only looks; then it gives way between looks, because
 * the other side may be waiting for this very processor. */
#define WORKER_LOOKS 64
#define WORKER_PATIENCE 300
extern int sched_yield(void);
static inline void worker_give_way(uint32_t turn) {
  if (turn < WORKER_LOOKS) {
    worker_pause();
  } else {
    sched_yield();
  }
}

/* futex(2), between processes: sleeps while `*word` is `value`, at most so many nanoseconds below a second. */
#if defined(__x86_64__)
#define WORKER_SYS_FUTEX 202
#elif defined(__aarch64__)
#define WORKER_SYS_FUTEX 98
#endif
extern long syscall(long number, ...);
static inline void worker_sleep(const uint32_t *word, uint32_t value, long nanoseconds) {
  struct {
    long seconds, nanoseconds;
  } limit = {0, nanoseconds};
  syscall(WORKER_SYS_FUTEX, word, 0, value, &limit, (void *)0, 0);
}
static inline void worker_wake(const uint32_t *word) { syscall(WORKER_SYS_FUTEX, word, 1, 1, (void *)0, (void *)0, 0); }

#endif /* EXPROVE_WORKER_LINK_H */
