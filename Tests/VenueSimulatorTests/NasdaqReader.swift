// SPDX-License-Identifier: Apache-2.0

/// Reads a recorded session with Python's `struct` from the specifications' tables alone, rebuilds the book
/// and the own orders, and holds every rule against them.
let nasdaqReader = #"""
  import json, struct, sys
  HEAD = ">cHH6s"
  SIZES = {b"S": 12, b"R": 39, b"H": 25, b"A": 36, b"E": 31, b"X": 23, b"D": 19, b"U": 35, b"P": 44}
  OUCH = {b"S": 10, b"A": 66, b"U": 80, b"C": 28, b"E": 40, b"J": 24}
  book, own, sent, levels = {}, {}, {}, {"B": {}, "S": {}}
  counts, matches, final = {}, {}, {"B": {}, "S": {}}
  last = {"M": 0, "O": 0}
  last_venue = {"M": 0, "O": 0}
  spreads, depths, prints, volume = [], [], 0, 0
  opened = halted = False
  DAY = 1772427600 * 10**9

  def check(ok, *what):
      if not ok:
          sys.exit("nasdaq reader: " + " ".join(map(str, what)))

  def move(side, price, shares):
      level = levels[side]
      level[price] = level.get(price, 0) + shares
      check(level[price] >= 0, "negative level")
      if level[price] == 0:
          del level[price]

  def itch(m):
      global opened, halted, prints, volume
      t = m[:1]
      check(t in SIZES and len(m) == SIZES[t], "length of", t, len(m))
      _, locate, tracking, ts = struct.unpack(HEAD, m[:11])
      ts = int.from_bytes(ts, "big")
      check(locate == (0 if t == b"S" else 1), "locate", t)
      counts["itch_" + t.decode()] = counts.get("itch_" + t.decode(), 0) + 1
      b = m[11:]
      if t == b"S":
          opened = opened or b == b"Q"
      elif t == b"R":
          stock, market, status, lot, only, kind, sub, auth, short, ipo, luld, etp, lev, inv = \
              struct.unpack(">8scc I c c 2s c c c c c I c".replace(" ", ""), b)
          check(stock == b"XPRV    " and lot == 100 and auth == b"P" and lev == 0, "directory")
      elif t == b"H":
          stock, state, _, reason = struct.unpack(">8scc4s", b)
          check(stock == b"XPRV    " and state in b"HT", "action")
          halted = state == b"H"
      elif t == b"A":
          ref, side, shares, stock, price = struct.unpack(">QcI8sI", b)
          side = side.decode()
          check(ref not in book and shares > 0 and stock == b"XPRV    " and not halted, "add", ref)
          book[ref] = [side, shares, price]
          move(side, price, shares)
      elif t == b"E":
          ref, shares, match = struct.unpack(">QIQ", b)
          side, had, price = book[ref]
          check(opened and not halted and 0 < shares <= had and match not in matches, "execution", ref)
          best = max(levels["B"]) if side == "B" else min(levels["S"])
          check(price == best, "execution away from the best price")
          # Nobody of the same price and an earlier time stands in front.
          first = min(r for r, o in book.items() if o[0] == side and o[2] == price)
          check(first == ref, "out of turn")
          matches[match] = (shares, price)
          prints += 1
          volume += shares
          move(side, price, -shares)
          book[ref][1] -= shares
          if book[ref][1] == 0:
              del book[ref]
      elif t == b"X":
          ref, shares = struct.unpack(">QI", b)
          side, had, price = book[ref]
          check(0 < shares < had, "reduction")
          book[ref][1] -= shares
          move(side, price, -shares)
      elif t == b"D":
          side, had, price = book.pop(struct.unpack(">Q", b)[0])
          move(side, price, -had)
      elif t == b"U":
          old, new, shares, price = struct.unpack(">QQII", b)
          side, had, was = book.pop(old)
          move(side, was, -had)
          check(new not in book, "replace")
          book[new] = [side, shares, price]
          move(side, price, shares)
      elif t == b"P":
          ref, side, shares, stock, price, match = struct.unpack(">QcI8sIQ", b)
          check(ref == 0 and match not in matches and shares > 0, "hidden trade")
          check(max(levels["B"]) < price < min(levels["S"]), "hidden trade outside the spread")
          matches[match] = (shares, price)
      if levels["B"] and levels["S"]:
          bid, ask = max(levels["B"]), min(levels["S"])
          check(bid < ask, "crossed", bid, ask)
          if opened:
              spreads.append((ask - bid) // 100)
              depths.append(min(len(levels["B"]), len(levels["S"])))
      return ts

  def ouch_out(m):
      t = m[:1]
      check(t in OUCH and len(m) == OUCH[t], "length of OUCH", t, len(m))
      counts["ouch_" + t.decode()] = counts.get("ouch_" + t.decode(), 0) + 1
      ts, = struct.unpack(">Q", m[1:9])
      b = m[9:]
      if t == b"S":
          check(b in (b"S", b"E"), "system event")
          return ts
      name = b[:14]
      if t in (b"A", b"U"):
          side, shares, stock, price, tif, firm, display, ref, cap, iso, least, cross, state = \
              struct.unpack(">cI8sII4scQccIcc", b[14:56])
          check(stock == b"XPRV    " and firm == b"XPRO" and state == b"L" and cap == b"A" and cross == b"N", "terms")
          check(name in sent, "an answer to nothing")
          check((side, price, tif, display) == sent[name][:4], "terms differ", name)
          if name in own:  # a duplicate
              check(own[name]["ref"] == ref, "two references")
              counts["duplicates"] = counts.get("duplicates", 0) + 1
              return ts
          done = 0
          if t == b"U":
              old = b[56:70]
              check(len(b) == 71, "length")
              if old not in own and LOSSY:  # its own acceptance was lost, and with it what it executed
                  own[old] = {"ref": 0, "left": shares, "done": sent[name][4] - shares}
              check(own[old]["left"] > 0, "replaced what was gone")
              done = own[old]["done"]
              own[old]["left"] = 0
          check(shares == sent[name][4] - done, "shares", name)
          own[name] = {"ref": ref, "left": shares, "done": done, "price": price, "side": side}
      elif t == b"J":
          check(name in sent and name not in own, "reject of an accepted order")
          reasons.setdefault(chr(b[14]), 0)
          reasons[chr(b[14])] += 1
      else:
          if name not in own and LOSSY:
              return ts
          o = own[name]
          shares, = struct.unpack(">I", b[14:18])
          check(0 < shares <= o["left"], "more than is left", name, t, shares, o)
          o["left"] -= shares
          if t == b"E":
              price, liquidity, match = struct.unpack(">IcQ", b[18:])
              o["done"] += shares
              check(price <= o["price"] if o["side"] == b"B" else price >= o["price"], "beyond the limit")
              check(liquidity in b"AR", "liquidity")
              executions.append((match, shares, price))
          else:
              cancels.setdefault(chr(b[18]), 0)
              cancels[chr(b[18])] += 1
      return ts

  def ouch_in(m):
      if m[:1] == b"O":
          name, side, shares, _, price, tif, _, display = struct.unpack(">14scI8sII4sc", m[1:41])
          sent.setdefault(name, (side, price, tif, display, shares))
      elif m[:1] == b"U":
          old, name, shares, price, tif, display = struct.unpack(">14s14sIIIc", m[1:42])
          if old in sent:
              sent.setdefault(name, (sent[old][0], price, tif, display, shares))

  executions, reasons, cancels = [], {}, {}
  LOSSY = False
  for line in sys.stdin:
      f = line.split()
      if f[0] == "lossy":
          LOSSY = True
          continue
      if f[0][0] == "L":
          final[f[0][1]][int(f[1]) // 100000] = int(f[2])
          continue
      m = bytes.fromhex(f[2])
      if f[0] == "I":
          ouch_in(m)
          continue
      at = int(f[1])
      check(at >= last[f[0]], "frames out of order")
      last[f[0]] = at
      ts = DAY + (itch(m) if f[0] == "M" else ouch_out(m))
      check(last_venue[f[0]] <= ts <= at, "venue time")
      last_venue[f[0]] = ts
  check(levels == final, "the rebuilt book differs from the engine's")
  for match, shares, price in executions:
      check(matches.get(match) == (shares, price), "a fill without its print", match)
  if not LOSSY:
      live = {o["ref"]: o["left"] for o in own.values() if o["left"] > 0}
      for ref, left in live.items():
          check(ref in book and book[ref][1] == left, "own order and book differ", ref)
  counts.update(prints=prints, volume=volume, fills=len(executions), orders=len(own))
  counts.update({"reject_" + k: v for k, v in reasons.items()})
  counts.update({"cancel_" + k: v for k, v in cancels.items()})
  counts["spread"] = sum(spreads) / max(len(spreads), 1)
  counts["depth"] = sum(depths) / max(len(depths), 1)
  print(json.dumps(counts))
  """#
