// SPDX-License-Identifier: Apache-2.0

/// Reads a recorded session with Python's `json` and `decimal` from the documentation's tables alone, rebuilds
/// the book by the documented procedure, and holds every rule against it.
let binanceReader = #"""
  import json, re, sys
  from decimal import Decimal as D
  TEXT = re.compile(r"^\d+\.\d{8}$")
  levels, final = {"b": {}, "a": {}}, {"b": {}, "a": {}}
  counts, trades, own, sent = {}, {}, {}, {}
  last = {"M": 0, "O": 0}
  update = None
  last_trade = 0
  spreads, depths, executions = [], [], []
  LOSSY = False

  def check(ok, *what):
      if not ok:
          sys.exit("binance reader: " + " ".join(map(str, what)))

  def count(name):
      counts[name] = counts.get(name, 0) + 1

  def num(text):
      check(isinstance(text, str) and TEXT.match(text), "not eight decimals:", text)
      return D(text)

  def strict(pairs):
      keys = [k for k, _ in pairs]
      check(len(keys) == len(set(keys)), "a key twice", keys)
      return dict(pairs)

  def apply(side, rows):
      seen = set()
      for price, size in rows:
          price, size = num(price), num(size)
          check(price > 0 and price not in seen, "price twice in one update")
          seen.add(price)
          if size == 0:
              levels[side].pop(price, None)
          else:
              levels[side][price] = size

  def sane():
      if levels["b"] and levels["a"]:
          bid, ask = max(levels["b"]), min(levels["a"])
          check(bid < ask, "crossed", bid, ask)
          spreads.append((ask - bid) / D("0.005"))
          depths.append(min(len(levels["b"]), len(levels["a"])))

  def market(m, at):
      global update, last_trade
      if "lastUpdateId" in m:
          check(update is None, "a second snapshot")
          check(set(m) == {"lastUpdateId", "bids", "asks"}, "snapshot keys")
          update = m["lastUpdateId"]
          apply("b", m["bids"])
          apply("a", m["asks"])
          check(len(m["bids"]) > 5 and len(m["asks"]) > 5, "a thin snapshot")
          count("snapshot")
          return sane()
      check(update is not None, "a stream before the snapshot")
      check(set(m) == {"stream", "data"}, "wrapper")
      d = m["data"]
      name = m["stream"].split("@")
      check(name[0] == "xprv" and d["s"] == "XPRV", "symbol")
      count(name[1])
      if name[1] == "depth":
          check(m["stream"] == "xprv@depth@100ms" and d["e"] == "depthUpdate", "depth stream")
          check(d["U"] == update + 1 and d["u"] >= d["U"], "update ids", d["U"], update)
          check(d["b"] or d["a"], "an empty update")
          update = d["u"]
          apply("b", d["b"])
          apply("a", d["a"])
          sane()
      elif name[1] == "trade":
          check(d["e"] == "trade" and d["t"] > last_trade and d["M"] is True and type(d["m"]) is bool, "trade")
          last_trade = d["t"]
          trades[d["t"]] = (num(d["p"]), num(d["q"]), d["m"])
      else:
          check(name[1] == "bookTicker" and "e" not in d, "stream")
          bid, ask = num(d["b"]), num(d["a"])
          num(d["B"]), num(d["A"])
          check(bid == 0 or ask == 0 or bid < ask, "crossed quote")
      if "E" in d:
          check(d["E"] * 10**6 <= at, "venue time")

  def report(d, at):
      count("report_" + d["x"])
      check(d["s"] == "XPRV" and d["T"] * 10**6 <= at and d["g"] == -1 and d["r"] == "NONE", "report")
      cid = d["C"] or d["c"]
      check(cid in sent, "a report about nothing", cid)
      side, price, quantity = sent[cid]
      check((d["S"], num(d["p"]), num(d["q"])) == (side, price, quantity), "terms differ", cid)
      done, just = num(d["z"]), num(d["l"])
      if d["x"] == "NEW":
          check(d["X"] == "NEW" and done == 0 and d["t"] == -1 and d["C"] == "", "new")
          if d["i"] in own:
              return count("duplicates")
          own[d["i"]] = {"done": D(0), "quote": D(0), "open": True, "cid": cid}
          return
      if d["i"] not in own:
          check(LOSSY, "an order that was never new")
          own[d["i"]] = {"done": done - just, "quote": num(d["Z"]) - num(d["Y"]), "open": True, "cid": cid}
      o = own[d["i"]]
      check(o["open"] and o["cid"] == cid, "a report after the end")
      if d["x"] == "TRADE":
          o["done"] += just
          o["quote"] += just * num(d["L"])
          check(done == o["done"] <= quantity, "cumulative")
          check(num(d["Z"]) == o["quote"] and num(d["Y"]) == just * num(d["L"]), "turnover")
          check(d["X"] == ("FILLED" if done == quantity else "PARTIALLY_FILLED"), "status")
          check(num(d["L"]) <= price if side == "BUY" else num(d["L"]) >= price, "beyond the limit")
          executions.append((d["t"], num(d["L"]), just, d["m"], d["S"]))
          o["open"] = done < quantity
      else:
          check(d["x"] in ("CANCELED", "EXPIRED") and d["X"] == d["x"] and done == o["done"] < quantity, "end")
          check((d["x"] == "CANCELED") == (d["C"] != ""), "names of a cancellation")
          o["open"] = False

  def answer(m):
      check(set(m) in ({"id", "status", "result"}, {"id", "status", "error"}), "answer keys", set(m))
      check(m["id"] is None or m["id"] in requests, "an answer to nothing")
      count("answer_%d" % m["status"])
      if m["status"] != 200:
          code = m["error"]["code"]
          check(code < 0 and m["error"]["msg"], "error")
          count("error_%d" % -code)
          if code in (-2021, -2022):
              check(m["error"]["data"]["cancelResult"] in ("SUCCESS", "FAILURE"), "halves")

  requests = set()
  for line in sys.stdin:
      f = line.split()
      if f[0] == "lossy":
          LOSSY = True
          continue
      if f[0][0] == "L":
          final["b" if f[0] == "LB" else "a"][D(f[1]).scaleb(-9)] = D(f[2]).scaleb(-2)
          continue
      m = json.loads(bytes.fromhex(f[2]), object_pairs_hook=strict)
      if f[0] == "I":
          p = m["params"]
          requests.add(m["id"])
          if "newClientOrderId" in p:
              sent[p["newClientOrderId"]] = (p["side"], D(p["price"]), D(p["quantity"]))
          continue
      at = int(f[1])
      check(at >= last[f[0]], "frames out of order")
      last[f[0]] = at
      if f[0] == "M":
          market(m, at)
      elif "e" in m:
          report(m, at)
      else:
          answer(m)
  check(levels == final, "the rebuilt book differs from the engine's")
  for t, price, quantity, maker, side in executions:
      check(trades[t][:2] == (price, quantity), "a fill without its print")
      check(trades[t][2] == ((side == "BUY") == maker), "who was resting")
  counts["open"] = sum(o["open"] for o in own.values())
  counts.update(fills=len(executions), orders=len(own))
  counts["spread"] = float(sum(spreads) / max(len(spreads), 1))
  counts["levels"] = sum(depths) / max(len(depths), 1)
  print(json.dumps(counts))
  """#
