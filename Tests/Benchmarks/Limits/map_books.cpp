// SPDX-License-Identifier: Apache-2.0
//
// Books as a textbook has them: a std::map of the levels of each side, a std::unordered_map of the orders.
#include "limits.h"

#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

namespace {

struct Order {
  int64_t price, quantity;
  uint32_t instrument;
  uint8_t side;
};

struct Quote {
  int64_t price = 0, quantity = 0;
};

struct Book {
  std::map<int64_t, int64_t, std::greater<int64_t>> bids;
  std::map<int64_t, int64_t> asks;
  Quote bid, ask;
  int64_t traded = 0;

  void add(uint8_t side, int64_t price, int64_t quantity) {
    if (side == EXPROVE_SIDE_BUY) bids[price] += quantity;
    else asks[price] += quantity;
  }

  template <class Levels> static void take(Levels &levels, int64_t price, int64_t quantity) {
    auto level = levels.find(price);
    if (level != levels.end() && (level->second -= quantity) <= 0) levels.erase(level);
  }

  void take(uint8_t side, int64_t price, int64_t quantity) {
    if (side == EXPROVE_SIDE_BUY) take(bids, price, quantity);
    else take(asks, price, quantity);
  }

  template <class Levels> static void set(Levels &levels, int64_t price, int64_t quantity) {
    if (quantity == 0) levels.erase(price);
    else levels[price] = quantity;
  }
};

} // namespace

struct limits_books {
  std::vector<Book> books;
  std::unordered_map<uint64_t, Order> orders;

  void add(uint64_t id, const Order &order) {
    books[order.instrument].add(order.side, order.price, order.quantity);
    orders[id] = order;
  }

  void reduce(const exprove_event &event) {
    auto found = orders.find(event.order_id);
    if (found == orders.end()) return;
    Order &order = found->second;
    int64_t taken = event.quantity < order.quantity ? event.quantity : order.quantity;
    books[order.instrument].take(order.side, order.price, taken);
    if ((order.quantity -= taken) == 0) orders.erase(found);
  }

  // Takes the order away and returns it.
  bool remove(uint64_t id, Order &order) {
    auto found = orders.find(id);
    if (found == orders.end()) return false;
    order = found->second;
    books[order.instrument].take(order.side, order.price, order.quantity);
    orders.erase(found);
    return true;
  }

  void clear(uint32_t instrument) {
    books[instrument] = Book();
    for (auto order = orders.begin(); order != orders.end();) {
      order = order->second.instrument == instrument ? orders.erase(order) : std::next(order);
    }
  }

  void apply(const exprove_event &event) {
    if (event.instrument >= books.size()) return;
    Book &book = books[event.instrument];
    Order order;
    switch (event.kind) {
    case EXPROVE_KIND_ORDER_ADD:
      add(event.order_id, {event.price, event.quantity, event.instrument, event.side});
      break;
    case EXPROVE_KIND_ORDER_MODIFY:
      if (remove(event.order_id, order)) {
        add(event.order_id, {event.price, event.quantity, event.instrument, order.side});
      }
      break;
    case EXPROVE_KIND_ORDER_REPLACE:
      if (remove(event.aux, order)) add(event.order_id, {event.price, event.quantity, event.instrument, order.side});
      break;
    case EXPROVE_KIND_ORDER_EXECUTE:
      book.traded += event.quantity;
      reduce(event);
      break;
    case EXPROVE_KIND_ORDER_REDUCE: reduce(event); break;
    case EXPROVE_KIND_ORDER_DELETE: remove(event.order_id, order); break;
    case EXPROVE_KIND_LEVEL:
      if (event.side == EXPROVE_SIDE_BUY) Book::set(book.bids, event.price, event.quantity);
      else Book::set(book.asks, event.price, event.quantity);
      break;
    case EXPROVE_KIND_CLEAR: clear(event.instrument); break;
    case EXPROVE_KIND_QUOTE:
      (event.side == EXPROVE_SIDE_BUY ? book.bid : book.ask) = {event.price, event.quantity};
      break;
    case EXPROVE_KIND_TRADE: book.traded += event.quantity; break;
    default: break;
    }
  }
};

limits_books *limits_books_create(uint32_t instruments) {
  auto *books = new limits_books;
  books->books.resize(instruments);
  return books;
}

void limits_books_destroy(limits_books *books) { delete books; }

void limits_books_apply(limits_books *books, const exprove_event *events, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) books->apply(events[i]);
}

void limits_books_top(const limits_books *books, uint32_t instrument, int64_t top[4]) {
  const Book &book = books->books[instrument];
  for (int i = 0; i < 4; i++) top[i] = 0;
  if (!book.bids.empty()) {
    top[0] = book.bids.begin()->first;
    top[1] = book.bids.begin()->second;
  }
  if (!book.asks.empty()) {
    top[2] = book.asks.begin()->first;
    top[3] = book.asks.begin()->second;
  }
}
