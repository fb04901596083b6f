/* SPDX-License-Identifier: Apache-2.0
 *
 * Why an order was refused: the error codes of the spot and the USD-M documentation, and the matching engine's texts,
 * which say more than the general codes -1013, -2010 and -2011 they come with.
 */
#include "session.h"

struct code_reason {
  uint16_t code; /* without its minus sign */
  uint8_t reason;
};

static const struct code_reason common_codes[] = {
    {1121, EXPROVE_REASON_UNKNOWN_SYMBOL}, {1122, EXPROVE_REASON_HALTED},        {2011, EXPROVE_REASON_UNKNOWN_ORDER},
    {2013, EXPROVE_REASON_UNKNOWN_ORDER},  {2026, EXPROVE_REASON_UNKNOWN_ORDER},
};

static const struct code_reason usdm_codes[] = {
    {2018, EXPROVE_REASON_RISK},         /* balance not sufficient */
    {2019, EXPROVE_REASON_RISK},         /* margin not sufficient */
    {2022, EXPROVE_REASON_RISK},         /* reduce-only order rejected */
    {2025, EXPROVE_REASON_RISK},         /* open order limit */
    {2027, EXPROVE_REASON_RISK},         /* maximum position at this leverage */
    {2028, EXPROVE_REASON_RISK},         /* leverage too small for the margin */
    {4001, EXPROVE_REASON_PRICE},        {4002, EXPROVE_REASON_PRICE},    {4013, EXPROVE_REASON_PRICE},
    {4014, EXPROVE_REASON_PRICE},        {4016, EXPROVE_REASON_PRICE},    {4024, EXPROVE_REASON_PRICE},
    {4131, EXPROVE_REASON_PRICE},        {4003, EXPROVE_REASON_QUANTITY}, {4004, EXPROVE_REASON_QUANTITY},
    {4005, EXPROVE_REASON_QUANTITY},     {4023, EXPROVE_REASON_QUANTITY}, {4164, EXPROVE_REASON_QUANTITY},
    {4108, EXPROVE_REASON_HALTED},       /* delivering, settling, closed or before trading */
    {4111, EXPROVE_REASON_DUPLICATE_ID}, {4116, EXPROVE_REASON_DUPLICATE_ID},
    {5021, EXPROVE_REASON_EXPIRED},      /* fill-or-kill that could not be filled */
    {5022, EXPROVE_REASON_WOULD_CROSS},  /* GTX that could not be a maker */
};

struct text_reason {
  const char *text; /* how the message begins */
  uint8_t reason;
};

static const struct text_reason texts[] = {
    {"Order would immediately match and take", EXPROVE_REASON_WOULD_CROSS},
    {"Duplicate order sent", EXPROVE_REASON_DUPLICATE_ID},
    {"Unknown order sent", EXPROVE_REASON_UNKNOWN_ORDER},
    {"Market is closed", EXPROVE_REASON_HALTED},
    {"Account has insufficient balance", EXPROVE_REASON_RISK},
    {"Price * QTY is zero or less", EXPROVE_REASON_QUANTITY},
    {"This action is disabled", EXPROVE_REASON_SUPERVISORY},
    {"This account may not", EXPROVE_REASON_SUPERVISORY},
    {"This symbol is not permitted", EXPROVE_REASON_SUPERVISORY},
    {"This symbol is restricted", EXPROVE_REASON_SUPERVISORY},
    {"Filter failure: PRICE_FILTER", EXPROVE_REASON_PRICE},
    {"Filter failure: PERCENT_PRICE", EXPROVE_REASON_PRICE},
    {"Filter failure: LOT_SIZE", EXPROVE_REASON_QUANTITY},
    {"Filter failure: MARKET_LOT_SIZE", EXPROVE_REASON_QUANTITY},
    {"Filter failure: MIN_NOTIONAL", EXPROVE_REASON_QUANTITY},
    {"Filter failure: NOTIONAL", EXPROVE_REASON_QUANTITY},
    {"Filter failure: ICEBERG_PARTS", EXPROVE_REASON_QUANTITY},
    {"Filter failure: ", EXPROVE_REASON_RISK}, /* what remains limits positions and open orders */
};

static uint16_t find_code(const struct code_reason *table, size_t count, uint64_t code) {
  for (size_t i = 0; i < count; i++)
    if (table[i].code == code) return table[i].reason;
  return EXPROVE_REASON_UNSPECIFIED;
}

uint16_t reason_of_error(uint32_t market, uint64_t code, const struct view *message) {
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t n = strlen(texts[i].text);
    if (message->size >= n && memcmp(message->bytes, texts[i].text, n) == 0) return texts[i].reason;
  }
  uint16_t reason = EXPROVE_REASON_UNSPECIFIED;
  if (market == MARKET_USDM) reason = find_code(usdm_codes, sizeof usdm_codes / sizeof *usdm_codes, code);
  if (reason) return reason;
  return find_code(common_codes, sizeof common_codes / sizeof *common_codes, code);
}

/* `r` of an executionReport. */
uint16_t reason_of_rejection(const struct view *reason) {
  if (view_is(reason, "WOULD_MATCH_IMMEDIATELY")) return EXPROVE_REASON_WOULD_CROSS;
  if (view_is(reason, "INSUFFICIENT_BALANCES")) return EXPROVE_REASON_RISK;
  if (view_is(reason, "INSUFFICIENT_BALANCE")) return EXPROVE_REASON_RISK;
  if (view_is(reason, "MARKET_CLOSED")) return EXPROVE_REASON_HALTED;
  if (view_is(reason, "DUPLICATE_ORDER")) return EXPROVE_REASON_DUPLICATE_ID;
  if (view_is(reason, "UNKNOWN_ORDER")) return EXPROVE_REASON_UNKNOWN_ORDER;
  if (view_is(reason, "UNKNOWN_INSTRUMENT")) return EXPROVE_REASON_UNKNOWN_SYMBOL;
  if (view_is(reason, "PRICE_QTY_EXCEED_HARD_LIMITS")) return EXPROVE_REASON_RISK;
  return EXPROVE_REASON_UNSPECIFIED;
}
