//! Tests of the rotation: rules one by one, properties against brute force, and days of real size.

mod checker;
mod make;
mod properties;
mod rules;
mod sizes;
