#!/usr/bin/env bash
# The first month of a shopper, through HTTP, against a running `make run`.
#
#   examples/first_month.sh [BASE_URL]          default http://127.0.0.1:$PORT (PORT 8000 unless set)
#
# Credentials: KOSHELEK=login:secret and CASH_DESK=login:secret; unless set, two new ones are made with manage.py
# (DATA_DIR must be that of the running service). Exit code 0 only if every number is right.
set -euo pipefail
cd "$(dirname "$0")/.."
base="${1:-http://127.0.0.1:${PORT:-8000}}"
python="${PYTHON:-.venv/bin/python}"
run="$(date +%s)$$"

say() { printf '%s\n' "$*"; }
fail() { printf 'WRONG: %s\n' "$*" >&2; exit 1; }
make_client() { "$python" manage.py create_api_client "$@" 2>/dev/null | tail -n 1; }
koshelek="${KOSHELEK:-$(make_client --surface koshelek --login "example-wallet-$run")}"
cash_desk="${CASH_DESK:-$(make_client --surface cash_desk --login "example-till-$run" --role till)}"
[ -n "$koshelek" ] && [ -n "$cash_desk" ] || fail "no credentials: set KOSHELEK and CASH_DESK, or DATA_DIR"

wallet() { curl -sS --max-time 20 -u "$koshelek" -H 'Content-Type: application/json' "$@"; }
till() { curl -sS --max-time 20 -u "$cash_desk" -H 'Content-Type: application/json' "$@"; }
# value JSON PATH: one value of a JSON answer, by a dotted path.
value() {
    printf '%s' "$1" | "$python" -c 'import functools, json, sys
data = json.load(sys.stdin, parse_float=str, parse_int=str)
print(functools.reduce(lambda d, k: d[int(k)] if isinstance(d, list) else d[k], sys.argv[1].split("."), data))' "$2"
}
expect() { # expect WHAT GOT WANTED
    [ "$2" = "$3" ] || fail "$1 is $2, expected $3"
    say "    $1: $2"
}
bonus() { # bonus JSON TYPE STATUS: one amount of a balance answer
    printf '%s' "$1" | "$python" -c 'import json, sys
rows = json.load(sys.stdin, parse_float=str)["Bonuses"]
print(*(r["Amount"] for r in rows if r["TypeCode"] == sys.argv[1] and r["StatusCode"] == sys.argv[2]))' "$2" "$3"
}
# The four balances, as the till sees them: cash active and inactive, status active and inactive.
balances() { # balances SPENDABLE ESCROW QUALIFYING QUALIFYING_ESCROW
    local read
    read="$(till "$base/api/card/balance/by/$number")"
    expect "Key" "$(value "$read" Key)" OK
    expect "spendable" "$(bonus "$read" 0 0)" "$1"
    expect "spendable escrow" "$(bonus "$read" 0 1)" "$2"
    expect "tier-qualifying" "$(bonus "$read" 1 0)" "$3"
    expect "tier-qualifying escrow" "$(bonus "$read" 1 1)" "$4"
}
days_ago() { "$python" -c 'import datetime, sys
print((datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=float(sys.argv[1]))).isoformat())' "$1"; }
sell() { # sell RECEIPT DAYS_AGO AMOUNT [more JSON]
    till "$base/api/purchase/add" -d "{\"PurchaseId\": \"$1\", \"Number\": \"$number\", \"Date\": \"$(days_ago "$2")\",
        \"Store\": \"0001\", \"Till\": \"1\", \"Cashier\": \"Vera\", \"Amount\": $3,
        \"Lines\": [{\"Sku\": \"4600001\", \"Name\": \"Coffee\", \"Quantity\": 1, \"Price\": $3, \"Amount\": $3}]${4:-}}"
}

phone="79$(printf '%09d' "$(( (10#$(date +%s) * 31 + $$) % 1000000000 ))")"
say "A shopper with the phone +$phone takes a card in the wallet app."
answer="$(wallet "$base/v1/card/anonymous" -d "{\"phone\": \"$phone\", \"firstname\": \"Anna\", \"surname\": \"Orlova\", \"birthDate\": \"1990-05-17\"}")"
number="$(value "$answer" card.cardNumber)"
say "    card number: $number"
expect "card state" "$(value "$answer" card.cardState)" active

say "Nothing has been bought: all four balances are zero."
balances 0.00 0.00 0.00 0.00

say "She buys coffee for 1200.00. The points go into escrow for thirty days."
answer="$(sell "R1-$run" 0 1200.00)"
expect "accrued" "$(value "$answer" Accrued)" 1200.00
balances 0.00 1200.00 0.00 1200.00

say "The till is not sure it was heard and sends the receipt again with other content: refused, nothing doubled."
answer="$(sell "R1-$run" 0 1300.00)"
expect "Key" "$(value "$answer" Key)" OperationConflict
balances 0.00 1200.00 0.00 1200.00

say "Points in escrow cannot be spent."
answer="$(sell "R2-$run" 0 1000.00 ', "BonusesToPay": 100.00')"
expect "Key" "$(value "$answer" Key)" InsufficientBonuses

say "A till that was offline uploads a purchase of thirty-one days ago: its points are mature at once."
answer="$(sell "R3-$run" 31 800.00)"
expect "accrued" "$(value "$answer" Accrued)" 800.00
expect "to spend" "$(value "$answer" Balance)" 800.00
balances 800.00 1200.00 800.00 1200.00

say "She pays 300.00 of a 1000.00 basket with points; the 700.00 she paid in money earn."
answer="$(sell "R4-$run" 0 1000.00 ', "BonusesToPay": 300.00')"
expect "paid with points" "$(value "$answer" Paid)" 300.00
expect "accrued" "$(value "$answer" Accrued)" 700.00
expect "to spend" "$(value "$answer" Balance)" 500.00
balances 500.00 1900.00 800.00 1900.00

say "The wallet app shows the same."
answer="$(wallet "$base/v1/card/$number")"
expect "available" "$(value "$answer" card.bonus.available)" 500.00
expect "total" "$(value "$answer" card.bonus.total)" 2400.00

say "Every number is right."
