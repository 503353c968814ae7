//! Calls of a library by which money moves, and by which a machine is told what to do.

use super::effect;
use super::effects::Call;
use super::script::Script;
use super::value::Value;
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::lexicon::parts;

/// Methods that hand money back or on, by the end of their path.
const PAYING: &[&str] = &[
    "refunds.create",
    "Refund.create",
    "payouts.create",
    "Payout.create",
    "transfers.create",
    "Transfer.create",
    "charges.create",
    "Charge.create",
    "transaction.refund",
    "payments.refund",
    "refund_payment",
    "create_refund",
    "refundPayment",
    "paymentRefund",
    "withdraw",
    "transfer",
    "transact",
    "send_transaction",
    "send_raw_transaction",
    "sendTransaction",
    "sendRawTransaction",
    "sendSignedTransaction",
    "signAndSendTransaction",
    "sendAndConfirmTransaction",
    "sendAndConfirmRawTransaction",
    "writeContract",
    "invoices.pay",
    "Invoice.pay",
];

/// Whether a function buys or sells by its name, as clouds and brokers call it: `purchase_reserved_instances_offering`, `registerDomain` (AWS SDK, 2025).
fn buys(name: &str) -> bool {
    let words: Vec<String> = parts(name).take(8).collect();
    let says = |word: &str| words.iter().skip(1).any(|it| it == word);
    match words.first().map(String::as_str) {
        Some("purchase") => true,
        Some("register" | "renew" | "transfer") => says("domain"),
        Some("create" | "request") => says("reservation") || says("savings") && says("plan"),
        Some("buy" | "sell" | "order") => words.len() > 1,
        // alpaca-trade-api 3, ib_insync 0.9, robin_stocks 3.
        Some("submit" | "place") => says("order"),
        _ => false,
    }
}

/// Methods that take money when they are told to at once.
const CONFIRMED: &[&str] = &[
    "PaymentIntent.create",
    "paymentIntents.create",
    "payment_intents.create",
];

/// Whether the path of a call ends with one of these names, none of which is the end of a longer word there.
fn ends_with_one(path: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        path.strip_suffix(name)
            .is_some_and(|before| !before.ends_with(char::is_alphanumeric))
    })
}

/// Whether a method buys or sells: `create_market_sell_order`, `createOrder` (ccxt 4).
fn places_order(name: &str) -> bool {
    let words: Vec<String> = parts(name).take(8).collect();
    words.first().is_some_and(|first| first == "create")
        && words.last().is_some_and(|last| last == "order")
}

/// Whether a method sets a value of a machine, or stops it (pymodbus 3, python-snap7 1, pycomm3 1, asyncua 1).
fn is_for_machine(name: &str) -> bool {
    let words: Vec<String> = parts(name).take(8).collect();
    let says = |word: &str| words.iter().any(|it| it == word);
    says("write") || says("plc") && (says("stop") || says("start")) || name == "set_value"
}

impl Script<'_> {
    /// Notes a call by which money moves; whether it is one.
    pub(super) fn pays(&mut self, call: &Call<'_>, last: &str) -> bool {
        let pays = ends_with_one(call.path, PAYING)
            || ends_with_one(call.path, CONFIRMED) && is_confirmed(call)
            || self.brings.clients && (places_order(last) || buys(last));
        if pays {
            let money = effect(
                Action::Spend,
                Role::Account,
                "money of others",
                Modifiers::NONE,
            );
            self.elsewhere.push(money);
        }
        pays
    }

    /// Notes a call that sets a value of a machine; whether it is one.
    pub(super) fn sets_machine(&mut self, last: &str) -> bool {
        let sets = self.brings.machines && is_for_machine(last);
        if sets {
            let with = Modifiers::NONE.with(Modifier::Remote);
            self.elsewhere
                .push(effect(Action::Write, Role::Device, "a controller", with));
        }
        sets
    }
}

/// Whether a payment is taken at once: `confirm=True`, `{ confirm: true }`.
fn is_confirmed(call: &Call<'_>) -> bool {
    let confirms = |name: &str, value: &Value| {
        name == "confirm" && !matches!(value.known().as_deref(), Some("False" | "false"))
    };
    call.arguments.iter().any(|(keyword, value)| {
        keyword.as_deref().is_some_and(|name| confirms(name, value))
            || value
                .fields
                .iter()
                .any(|(name, value)| confirms(name, value))
    })
}
