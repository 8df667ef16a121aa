//! Needs and the people who meet them: who may be asked, how well each fits, and the best plan for all seats together.
//!
//! [`plan`] takes facts and gives a [`Proposal`](plan::Proposal): feasible always, with a bound that no plan can exceed, so
//! that everybody sees how good it is. It is pure and deterministic; the order in which the facts come does not matter.
//! What stands behind it (`solver`, with the mathematics in its head) may change. [`explanation`] says why somebody is
//! not in a plan and what it would take, [`reinforcement`] where one more volunteer would help most, [`waves`] how many
//! to ask at once.
//!
//! Absent on purpose: sending offers, the clock, and rows; the caller gives the needs that are open and the facts of the
//! moment.

pub mod assignment;
pub mod campus_request;
pub mod eligibility;
pub mod explanation;
pub mod need_state;
pub mod plan;
pub mod reinforcement;
pub mod run;
pub mod score;
pub mod solver;
#[cfg(test)]
mod tests;
pub mod travel;
pub mod waves;
