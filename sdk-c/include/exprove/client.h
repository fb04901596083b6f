/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program that uses libexprove.so calls: open a run directory, read what it is, go through its
 * events and its ledger's statements, verify it.
 *
 * A run directory may be anybody's. One that is damaged or forged gives a status and a text, never a crash, and what
 * the functions hand out is in range: feeds, frames and instruments can be used as indices. That a run is
 * what it says is shown by `exprove_verify` alone. The library reads files and does nothing else: it
 * writes nothing, starts no threads, installs no signal handlers, prints nothing.
 *
 * Thread and state tags, as written at each function:
 *   [any-thread]     on any thread, also at the same time
 *   [handle-thread]  on any thread; calls on one handle never overlap, handles are independent of each other
 *   & open           between the function that made the handle and the one that closes it
 * A handle that was closed is gone, as memory is after `free`: the library cannot tell, and using it is undefined.
 * NULL for a handle is EXPROVE_INVALID_ARGUMENT; to close NULL does nothing.
 *
 * Memory: structs and texts are written into memory of the caller. What the library lends (each `exprove_view`, and the
 * arrays of a batch) is read-only, belongs to the handle that it was asked of, and keeps its place and its content until
 * the function that lent it is called on that handle again, or the handle is closed. Nothing lent is ever freed by the
 * caller. Where the system has no more memory, the process ends.
 *
 * Structs of the caller begin with `struct_size`: in, what the caller knows of the struct; out, what the library
 * filled, which is never more. Fields that the library does not know stay as they were.
 *
 * Errors: a status of abi.h, and, where `error` is not NULL, text in the caller's memory that names the file, the
 * place and the reason. After EXPROVE_OK the text is empty. Neither these texts nor findings hold control characters,
 * whatever a directory's files are called; other views hold what the run says, as it says it.
 */
#ifndef EXPROVE_CLIENT_H
#define EXPROVE_CLIENT_H

#include <exprove/abi.h>
#include <exprove/event.h>

EXPROVE_EXTERN_C_BEGIN

#define EXPROVE_CLIENT_VERSION_1_0 EXPROVE_ABI_VERSION(1, 0)
/* What this header describes. A new minor number only adds functions and fields at the end of structs. */
#define EXPROVE_CLIENT_VERSION EXPROVE_CLIENT_VERSION_1_0

/* Text (UTF-8) or bytes that the library lends. `data` is never NULL, and a zero byte stands behind the last one. */
typedef struct exprove_view {
  const char *data;
  uint64_t size;
} exprove_view;

typedef struct exprove_run exprove_run;               /* a run directory */
typedef struct exprove_events exprove_events;         /* a place in its events */
typedef struct exprove_statements exprove_statements; /* a place in its ledger */

/* The highest version that the library implements. [any-thread] */
EXPROVE_EXPORT uint32_t exprove_client_version(void);

/* --- A run -------------------------------------------------------------------------------------*/

/* Opens a run directory for reading. `version` is the one that the caller was compiled against,
 * EXPROVE_CLIENT_VERSION: a library that is older, or of another major version, answers
 * EXPROVE_NOT_IMPLEMENTED, and the caller may ask for an older one. `directory` is a terminated path.
 * EXPROVE_NOT_FOUND: no directory, or no run.json in it. EXPROVE_BAD_DATA: run.json is not one.
 * [any-thread] */
EXPROVE_EXPORT exprove_status exprove_open(uint32_t version, const char *directory, exprove_run **run,
                                           exprove_text *error);

/* What was opened on the run may outlive it. [handle-thread & open] */
EXPROVE_EXPORT void exprove_close(exprove_run *run);

typedef enum exprove_fills {
  EXPROVE_FILLS_SHADOW = 1,   /* decisions only */
  EXPROVE_FILLS_MODEL = 2,    /* by a fill model */
  EXPROVE_FILLS_SIMULATED = 3 /* by simulated venues */
} exprove_fills;

/* What run.json says. */
typedef struct exprove_facts {
  uint32_t struct_size;
  uint32_t fills;    /* 4: exprove_fills */
  int64_t started;   /* 8: wall clock at the start, nanoseconds since 1970; nothing is computed from it */
  uint64_t seed;     /* 16 */
  uint32_t feeds;    /* 24: how many, see exprove_feed_at */
  uint32_t reserved; /* 28: zero */
  exprove_view program;          /* 32: version of the program that made the run */
  exprove_view identity;         /* 48: who made it, by its own word */
  exprove_view verifier;         /* 64: the run's own verifier key, which vouches for nobody */
  exprove_view origin;           /* 80: the name of the ledger's log */
  exprove_view fills_detail;     /* 96: the fill model or simulator, in words */
  exprove_view task;             /* 112: the parent order, canonical JSON */
  exprove_view policy;           /* 128: the controls, canonical JSON */
  exprove_view description;      /* 144: run.json, byte for byte */
  uint8_t description_digest[32]; /* 160: SHA-256 */
  uint8_t reference_digest[32];   /* 192: SHA-256 of the reference data in objects/ */
} exprove_facts;

/* Lent until the run is closed. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_describe(exprove_run *run, exprove_facts *facts, exprove_text *error);

typedef enum exprove_role {
  EXPROVE_ROLE_ROUTED = 1,   /* orders go there */
  EXPROVE_ROLE_REFERENCE = 2 /* it informs only */
} exprove_role;

typedef struct exprove_feed {
  uint32_t struct_size;
  uint32_t role;                /* 4: exprove_role */
  exprove_view venue;           /* 8: MIC or a name of one's own */
  exprove_view source;          /* 24: `capture`, `simulated` or `model` */
  exprove_view option;          /* 40: as the command line had it; empty where there was none */
  exprove_view container;       /* 56: how the frames lay in the capture */
  exprove_view adapter;         /* 72: name; empty for a model, whose frames are events already */
  exprove_view adapter_version; /* 88 */
  uint8_t adapter_digest[32];   /* 104: SHA-256 of the library that decoded it; zeros without one */
} exprove_feed;

/* Feed `index` of the run, the number that `exprove_frame.feed` has. EXPROVE_NOT_FOUND beyond the last one.
 * Lent until the run is closed. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_feed_at(exprove_run *run, uint32_t index, exprove_feed *feed,
                                              exprove_text *error);

/* --- Verification ------------------------------------------------------------------------------*/

typedef enum exprove_verdict {
  EXPROVE_VERDICT_FAILED = 1,     /* something does not hold: see the findings */
  EXPROVE_VERDICT_CONSISTENT = 2, /* all holds; who signed is not known */
  EXPROVE_VERDICT_VERIFIED = 3    /* all holds, signed by the key that was brought */
} exprove_verdict;

typedef struct exprove_verification {
  uint32_t struct_size;
  uint32_t verdict;    /* 4: exprove_verdict */
  uint32_t finished;   /* 8: 1 when the run ended, 0 when it was interrupted or goes on */
  uint32_t findings;   /* 12: how many texts: what does not hold, each with its file */
  uint32_t tail;       /* 16: how many: what an interrupted run left behind its last checkpoint */
  uint32_t not_proven; /* 20: how many: what no verification of this directory can show */
  const exprove_view *finding_texts;    /* 24 */
  const exprove_view *tail_texts;       /* 32 */
  const exprove_view *not_proven_texts; /* 40 */
  uint64_t leaves;          /* 48: statements of the ledger whose signatures hold */
  uint64_t records;         /* 56: of the journal, as far as the ledger commits to it */
  uint64_t events;          /* 64: likewise */
  uint8_t event_digest[32]; /* 72: SHA-256 over the canonical encoding of those events; zeros without one */
  exprove_view report;      /* 104: all of this as canonical JSON, what `exprove verify --json` prints */
} exprove_verification;

/* Checks signatures, log, journal, digests, and that nothing is missing or extra; runs no adapter. `vkey` is
 * the signer's verifier key as C2SP writes it, brought by the caller from elsewhere; NULL: consistency only.
 * A failed verification is a verdict: the status tells only whether the check could be made.
 *
 * From a verdict better than failed on, what is opened on this handle is held to what was verified: it ends where that
 * ends, and a journal or ledger that has changed since is EXPROVE_BAD_DATA.
 *
 * Takes as long as reading the run. Lent until the next verification. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_verify(exprove_run *run, const char *vkey, exprove_verification *verification,
                                             exprove_text *error);

/* --- Events ------------------------------------------------------------------------------------*/

/* At the first event. Until it is closed it keeps room for the largest batch, about 26 MiB. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_events_open(exprove_run *run, exprove_events **events, exprove_text *error);

/* [handle-thread & open] */
EXPROVE_EXPORT void exprove_events_close(exprove_events *events);

typedef struct exprove_event_batch {
  uint32_t struct_size;
  uint32_t event_count;         /* 4 */
  uint32_t frame_count;         /* 8 */
  uint32_t instrument_count;    /* 12: instruments defined up to the end of this batch */
  uint64_t sequence;            /* 16: of the first event; event i is number sequence + i of the run, from 0 */
  uint64_t bytes_size;          /* 24 */
  const exprove_event *events;  /* 32: in the order of their frames */
  const exprove_frame *frames;  /* 40: `exprove_event.frame` is an index into it */
  const uint8_t *bytes;         /* 48: what the venue sent: frame f is bytes[f.data] … bytes[f.data + f.length - 1] */
  uint64_t torn;                /* 56: at the end: bytes of a record that an interrupted run left unfinished */
} exprove_event_batch;

/* The next events, with the frames that they came from. EXPROVE_NOT_FOUND: nothing follows, and the batch
 * is empty. Any other failure is final, and each further call repeats it. Every record is held against the
 * journal's chain of hashes before it is handed out; after a verification, what was handed out is proven to be
 * what was verified when EXPROVE_NOT_FOUND comes.
 *
 * Guaranteed: a frame lies within `bytes` and its feed is one of the run's; an event's frame is in the table, and
 * its instrument is below `instrument_count` or EXPROVE_NO_INSTRUMENT (of a TEXT event that field is the text's id).
 * Not checked: that events follow from their bytes, which takes the adapter (`exprove replay`), and that a kind, side or
 * flag is one that this header knows.
 *
 * Lent until the next call. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_events_next(exprove_events *events, exprove_event_batch *batch,
                                                  exprove_text *error);

typedef struct exprove_instrument {
  uint32_t struct_size;
  uint32_t quantity_scale; /* 4: quantities are at 10^-scale of the unit, 0 … EXPROVE_MAX_QUANTITY_SCALE */
  exprove_view venue;      /* 8 */
  exprove_view symbol;     /* 24: the venue's own */
} exprove_instrument;

/* An instrument by its number, once the events have come to its definition; until then EXPROVE_NOT_FOUND.
 * Lent until the events are closed. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_events_instrument(exprove_events *events, uint32_t number,
                                                        exprove_instrument *instrument, exprove_text *error);

/* A text that the feed has introduced, such as the order id of an event flagged TEXT_ID; until then
 * EXPROVE_NOT_FOUND. Any bytes. Lent until the next call. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_events_text(exprove_events *events, uint32_t feed, uint64_t id,
                                                  exprove_view *text, exprove_text *error);

/* --- Statements --------------------------------------------------------------------------------*/

/* Predicate types of the ledger's statements. */
#define EXPROVE_STATEMENT_RUN_1 "https://exprove.dev/run/v1"         /* leaf 0: all that the run is a function of */
/* A shared context that the run was given, behind leaf 0. */
#define EXPROVE_STATEMENT_SHARED_CONTEXT_1 "https://exprove.dev/shared-context/v1"
#define EXPROVE_STATEMENT_CONTEXT_1 "https://exprove.dev/context/v1" /* the market as the solver saw it */
#define EXPROVE_STATEMENT_PLAN_1 "https://exprove.dev/plan/v1"       /* a plan delta */
#define EXPROVE_STATEMENT_CONTROL_1 "https://exprove.dev/control/v1" /* what the policy says of a decision */
#define EXPROVE_STATEMENT_ORDER_1 "https://exprove.dev/order/v1"     /* a child order, and the policy's decision */
#define EXPROVE_STATEMENT_CANCEL_1 "https://exprove.dev/cancel/v1"
#define EXPROVE_STATEMENT_DENIAL_1 "https://exprove.dev/denial/v1"   /* what the policy forbade */
#define EXPROVE_STATEMENT_REPORT_1 "https://exprove.dev/report/v1"   /* what a venue answered; a report's digest */
#define EXPROVE_STATEMENT_FILL_1 "https://exprove.dev/fill/v1"
#define EXPROVE_STATEMENT_JOURNAL_1 "https://exprove.dev/journal/v1" /* the inputs up to here, by digest */
#define EXPROVE_STATEMENT_SUMMARY_1 "https://exprove.dev/summary/v1" /* the run's end */

/* From leaf `first` on, those of one predicate type; NULL for all. Opening reads the ledger's checkpoint and
 * verifies its signature with the run's own key. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_statements_open(exprove_run *run, const char *predicate_type, uint64_t first,
                                                      exprove_statements **statements, exprove_text *error);

/* [handle-thread & open] */
EXPROVE_EXPORT void exprove_statements_close(exprove_statements *statements);

#define EXPROVE_STATEMENT_IN_OBJECTS 0x1u /* the body was too large for its envelope and lies in objects/ */

typedef struct exprove_statement {
  uint32_t struct_size; /* of the library's struct: the distance to the next one */
  uint32_t flags;       /* 4: EXPROVE_STATEMENT_… */
  uint64_t index;       /* 8: the ledger's leaf */
  exprove_view predicate_type;   /* 16 */
  exprove_view subject;          /* 32: name of the first subject, such as `plan/3` */
  uint8_t subject_digest[32];    /* 48: of the first subject, SHA-256 */
  exprove_view body;             /* 80: the predicate, canonical JSON, wherever it lies */
  exprove_view payload;          /* 96: the whole in-toto statement, the bytes that are signed */
} exprove_statement;

typedef struct exprove_statement_batch {
  uint32_t struct_size;
  uint32_t count;                      /* 4 */
  const exprove_statement *statements; /* 8: use exprove_statement_at */
  uint64_t ledger_size;                /* 16: leaves that the checkpoint covers */
} exprove_statement_batch;

/* The next statements, at least one. EXPROVE_NOT_FOUND: none follows below the checkpoint. Any other
 * failure is final, and each further call repeats it. Before a statement is handed out, its leaf was proven to
 * stand at its index under the checkpoint, its signature holds, and a body in objects/ has the digest that it is
 * called by. Lent until the next call. [handle-thread & open] */
EXPROVE_EXPORT exprove_status exprove_statements_next(exprove_statements *statements, exprove_statement_batch *batch,
                                                      exprove_text *error);

/* Statement `index` of a batch. A later library's statements may be longer than this header's. */
static inline const exprove_statement *exprove_statement_at(const exprove_statement_batch *batch, uint32_t index) {
  const char *first = (const char *)batch->statements;
  return (const exprove_statement *)(const void *)(first + (size_t)index * batch->statements->struct_size);
}

/* --- Numbers -----------------------------------------------------------------------------------*/

/* `value` at 10^-scale as the shortest exact decimal: 6168599 at 2 is `61685.99`. `scale` is at most
 * EXPROVE_MAX_QUANTITY_SCALE. At most 21 bytes; EXPROVE_TOO_SMALL writes the needed size to `out->size` and no
 * text. [any-thread] */
EXPROVE_EXPORT exprove_status exprove_decimal(int64_t value, uint32_t scale, exprove_text *out);

EXPROVE_STATIC_ASSERT(sizeof(exprove_facts) == 224, facts_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_facts, reference_digest) == 192, facts_reference);
EXPROVE_STATIC_ASSERT(sizeof(exprove_feed) == 136, feed_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_verification) == 120, verification_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_verification, report) == 104, verification_report);
EXPROVE_STATIC_ASSERT(sizeof(exprove_event_batch) == 64, event_batch_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_event_batch, events) == 32, event_batch_events);
EXPROVE_STATIC_ASSERT(sizeof(exprove_instrument) == 40, instrument_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_statement) == 112, statement_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_statement, payload) == 96, statement_payload);
EXPROVE_STATIC_ASSERT(sizeof(exprove_statement_batch) == 24, statement_batch_size);

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_CLIENT_H */
