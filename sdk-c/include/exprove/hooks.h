/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of a vendor's own library that are asked about a decision: *policy hooks*, which may deny it, and *objective
 * terms*, which put a price on it. A library needs nothing of ExProve but this header; a policy or task names the
 * file, the symbol and the function's signature, and the host calls it through libffi:
 *
 *   int64(const exprove_task *, const exprove_plan_delta *)
 *   int32(const exprove_plan_delta *, int64, int64)
 *
 * A hook allows a decision by 0. A term answers what the plan costs besides its objective, in units of 10^-term_unit of the
 * task's currency; it is asked about the objective's own plan and about those that leave venues out of the current slice.
 *
 * A result is int32 or int64; an argument is one of the two structs, each at most once, or int32 or int64, whose values
 * stand beside the signature. `int32_t` and `int64_t` say the same, and names may follow the types.
 *
 * A hook answers from its arguments alone: no I/O, no clock, no threads, nothing kept between calls. What it is given is
 * valid until it returns. Structs grow at the end only: read no further than `struct_size`.
 */
#ifndef EXPROVE_HOOKS_H
#define EXPROVE_HOOKS_H

#include <exprove/abi.h>

EXPROVE_EXTERN_C_BEGIN

/* UTF-8, not terminated. */
typedef struct exprove_hook_text {
  const char *bytes;
  uint64_t size;
} exprove_hook_text;

/* A number of 128 bits with sign: high * 2^64 + low. */
typedef struct exprove_hook_wide {
  uint64_t low;
  int64_t high;
} exprove_hook_wide;

typedef struct exprove_hook_venue {
  exprove_hook_text venue;  /* 0 */
  exprove_hook_text symbol; /* 16 */
} exprove_hook_venue;

typedef enum exprove_hook_objective {
  EXPROVE_HOOK_TWAP = 1,
  EXPROVE_HOOK_VWAP = 2,
  EXPROVE_HOOK_IMPLEMENTATION_SHORTFALL = 3
} exprove_hook_objective;

/* What is to be executed. Times are nanoseconds since 1970 in UTC. */
typedef struct exprove_task {
  uint32_t struct_size;
  uint8_t side;      /* 4: 1 buy, 2 sell */
  uint8_t objective; /* 5: exprove_hook_objective */
  uint8_t has_limit; /* 6 */
  uint8_t reserved;
  exprove_hook_text id;         /* 8 */
  exprove_hook_text account;    /* 24 */
  exprove_hook_text instrument; /* 40: its name in the reference data */
  exprove_hook_text currency;   /* 56 */
  int64_t quantity;             /* 72: at 10^-quantity_scale of the instrument's unit */
  int64_t start;                /* 80 */
  int64_t end;                  /* 88: not part of the window */
  int64_t limit;                /* 96: at 1e-9, 0 without */
  int64_t participation;        /* 104: cap, in millionths */
  int64_t risk_aversion;        /* 112: at 10^-risk_aversion_scale; implementation shortfall only */
  int64_t slice_duration;       /* 120: nanoseconds, 0 when `slices` says how many there are */
  uint32_t slices;              /* 128 */
  uint32_t quantity_scale;      /* 132 */
  uint32_t risk_aversion_scale; /* 136 */
  uint32_t venue_count;         /* 140 */
  const exprove_hook_venue *venues; /* 144 */
} exprove_task;

/* A cell of the plan that changes, or (slice: the current one) what goes to a venue now. Quantities at the plan's scale. */
typedef struct exprove_hook_change {
  uint32_t slice;   /* 0 */
  uint32_t venue;   /* 4: index into the task's venues */
  int64_t quantity; /* 8 */
} exprove_hook_change;

/* A decision: how the plan changes, and why. */
typedef struct exprove_plan_delta {
  uint32_t struct_size;
  uint32_t current_slice; /* 4 */
  int64_t sequence;       /* 8: counts the task's decisions from 0 */
  int64_t decided_at;     /* 16 */
  int64_t remaining;      /* 24: neither filled nor live */
  int64_t unplaced;       /* 32: of that, what caps or lots leave over */
  int64_t lot;            /* 40 */
  uint32_t change_count;  /* 48 */
  uint32_t route_count;   /* 52 */
  const exprove_hook_change *changes; /* 56 */
  const exprove_hook_change *routes;  /* 64 */
  exprove_hook_wide impact;   /* 72: the objective's terms, in units of 10^-term_unit of the task's currency */
  exprove_hook_wide fees;     /* 88 */
  exprove_hook_wide risk;     /* 104 */
  exprove_hook_wide tracking; /* 120 */
  exprove_hook_wide gap;      /* 136: the most that a better plan could save, 0 when there is none */
  uint32_t term_unit;         /* 152 */
  uint32_t reserved;          /* 156 */
} exprove_plan_delta;

EXPROVE_STATIC_ASSERT(sizeof(exprove_hook_text) == 16, hook_text_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_hook_wide) == 16, hook_wide_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_hook_venue) == 32, hook_venue_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_hook_change) == 16, hook_change_size);
EXPROVE_STATIC_ASSERT(sizeof(exprove_task) == 152, task_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_task, id) == 8, task_id);
EXPROVE_STATIC_ASSERT(offsetof(exprove_task, currency) == 56, task_currency);
EXPROVE_STATIC_ASSERT(offsetof(exprove_task, quantity) == 72, task_quantity);
EXPROVE_STATIC_ASSERT(offsetof(exprove_task, slices) == 128, task_slices);
EXPROVE_STATIC_ASSERT(offsetof(exprove_task, venues) == 144, task_venues);
EXPROVE_STATIC_ASSERT(sizeof(exprove_plan_delta) == 160, plan_delta_size);
EXPROVE_STATIC_ASSERT(offsetof(exprove_plan_delta, lot) == 40, plan_delta_lot);
EXPROVE_STATIC_ASSERT(offsetof(exprove_plan_delta, changes) == 56, plan_delta_changes);
EXPROVE_STATIC_ASSERT(offsetof(exprove_plan_delta, impact) == 72, plan_delta_impact);
EXPROVE_STATIC_ASSERT(offsetof(exprove_plan_delta, gap) == 136, plan_delta_gap);
EXPROVE_STATIC_ASSERT(offsetof(exprove_plan_delta, term_unit) == 152, plan_delta_term_unit);

EXPROVE_EXTERN_C_END

#endif /* EXPROVE_HOOKS_H */
