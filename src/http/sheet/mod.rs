//! Tables that offices keep in spreadsheets: read as they really come out of one, and written so that one can open them
//! without harm.
//!
//! [`read`] makes lines of cells out of octets, [`columns`] finds out which column is which, [`cells`] guards what goes
//! out against being run as a formula and takes the guard off again on the way in. Absent on purpose: what the cells
//! mean, which each noun knows.

pub mod cells;
pub mod columns;
pub mod read;
