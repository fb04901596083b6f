/* SPDX-License-Identifier: Apache-2.0
 *
 * What a bound library is at work with: the binder, its sessions, and what of a session outlives it.
 */
#ifndef EXPROVE_BINDER_SESSION_H
#define EXPROVE_BINDER_SESSION_H

#include "program.h"

#include <stdatomic.h>

/* What callbacks find, for ever. `thread` is set while this session's thread is in a call to `feed`, so that a callback
 * that comes at any other time or on another thread finds the gate shut. */
typedef struct gate {
  _Atomic(const void *) thread;
  _Atomic int has_ended;
  struct exprove_session *session; /* read only by the thread that `thread` names */
  binder *owner;
} gate;

/* One callback of one session: what its closure is bound to. */
typedef struct line {
  gate *gate;
  const handler *handler;
} line;

/* A closure that waits for its session. */
typedef struct spare {
  struct spare *next;
  ffi_closure *closure;
  void *code;
} spare;

typedef struct bound_functions bound_functions;

struct binder {
  program *program;
  bound_functions *functions; /* what it is a part of */
  spare *spares;
  _Atomic uint64_t strays, kept, told; /* `told` of both: as far as the log knows */
  uint32_t *calling;                   /* where the function that is being called is noted, or NULL */
  const exprove_host *host;            /* from init to deinit */
  uint8_t *page;      /* where the next session's parked block comes from */
  size_t left, taken; /* of the page; of BINDER_PARKED_BYTES */
  int is_loaded;
};

/* An interned text. */
typedef struct entry {
  uint64_t hash;
  uint32_t at, size; /* in `blob` */
  uint32_t instrument;
} entry;

/* A call's arguments, in the form that libffi takes. */
typedef struct prepared {
  void *values[MOST_ARGUMENTS];
  uint64_t slots[MOST_ARGUMENTS];
} prepared;

struct exprove_session {
  binder *owner;
  const program *program;
  gate *gate;
  uint8_t *objects; /* in the parked block */
  void *self;       /* the library's handle */
  int64_t day_start;
  uint64_t seed;
  char **settings;
  int64_t *integers;
  uint64_t *counts;
  prepared calls[CALLS];
  uint8_t *saved; /* what the library saved last */
  size_t saved_room;

  /* Interned texts, in the order of their ids; `table` holds ids plus 1. */
  entry *texts;
  uint32_t text_count, text_room, instrument_count;
  uint32_t *table, table_size;
  char *blob;
  size_t blob_size, blob_room;

  /* The frame at hand. */
  exprove_event *events;
  uint32_t filled, limit, frame;
  int64_t received;
  int is_full, has_no_memory;
};

/* Numbers of 128 bits. */
__extension__ typedef __int128 wide;

/* Tells the host's log of callbacks that came when none was due, once for all that are new. */
void tell_strays(binder *b);

/* Runs a callback's mapping over its arguments. */
void handler_run(struct exprove_session *s, const handler *h, void **arguments);
/* Adds an event as it is; 0 when the frame is full. */
int event_add(struct exprove_session *s, const exprove_event *e);

/* The id of a text, which is introduced when it is new; -1 with the reason in `why` (0: no room or no memory). */
int64_t text_id(struct exprove_session *s, const char *bytes, uint32_t size, int is_symbol, uint16_t *why);
/* Takes up a text without introducing it; 0 when that may not be. */
int text_take(struct exprove_session *s, const char *bytes, uint32_t size);
void texts_clear(struct exprove_session *s);
void texts_free(struct exprove_session *s);

/* The functions of the table. */
exprove_status session_create(binder *b, const exprove_config *config, exprove_session **session, exprove_text *error);
void session_destroy(exprove_session *s);
exprove_status session_reset(exprove_session *s);
exprove_status session_decode(exprove_session *s, exprove_batch *batch);
exprove_status session_counters(const exprove_session *s, uint64_t *values, uint32_t capacity);
exprove_status session_frame_time(const exprove_session *s, const uint8_t *bytes, uint64_t bytes_size,
                                  const exprove_frame *frames, uint32_t count, int64_t *times);
exprove_status session_save(const exprove_session *s, uint8_t *out, uint64_t capacity, uint64_t *size);
exprove_status session_load(exprove_session *s, const uint8_t *bytes, uint64_t size);

/* Calls the library. The result's integer, or 0 of one without; a pointer as a number. */
wide library_call(struct exprove_session *s, uint32_t which);
/* What the table of a call makes of it; -1 for a result that it does not list. */
int library_outcome(const program *p, uint32_t which, wide result);

/* A session's parked block and its closures. NULL with the reason in `error`. */
gate *park(binder *b, struct exprove_session *s, void **closures, exprove_text *error);
/* Identifies the thread. */
const void *this_thread(void);

#endif /* EXPROVE_BINDER_SESSION_H */
