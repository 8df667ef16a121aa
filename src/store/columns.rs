//! How the domain's values lie in columns: one SQL type of ours per meaning, with each database's own type beneath.
//!
//! | ours | SQLite | PostgreSQL |
//! |---|---|---|
//! | [`Id`] | `text`, hyphenated | `uuid` |
//! | [`Moment`] | `integer`, seconds since 1970 | `timestamptz` |
//! | [`Document`] | `text` | `jsonb` |
//!
//! States and kinds are `text` on both, see `text_column!`.

use std::io::Write;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType};
use diesel::sqlite::Sqlite;
use serde::{Serialize, de::DeserializeOwned};

use super::db::MultiBackend;
use crate::domain::ids::{
    AccountId, AssignmentId, BookingId, CampusId, CampusRequestId, EventId, EventSeriesId, ExclusionId, HoursEntryId,
    LetterId, MatchingRunId, OfferId, OwnerId, PlaceLogId, PolicyId, PortalId, ProposalId, RoleId, RotationId,
    SessionId, SlotId, StudentId, VolunteerId, WaitlistEntryId,
};
use crate::domain::time::Instant;

/// The SQL type of ids.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 2950, array_oid = 2951))]
pub struct Id;

/// The SQL type of instants.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Long"), postgres_type(oid = 1184, array_oid = 1185))]
pub struct Moment;

/// The SQL type of JSON.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"), postgres_type(oid = 3802, array_oid = 3807))]
pub struct Document;

/// What a bound value is written into.
type Lookup = <MultiBackend as diesel::sql_types::TypeMetadata>::MetadataLookup;

macro_rules! known_to_both {
    ($($sql:ty),*) => {$(
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Lookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
    )*};
}
known_to_both!(Id, Moment, Document);

/// Lets `$ty` be bound to and read from columns of type `$sql` through the enum of both connections.
macro_rules! through_the_enum {
    ($ty:ty, $sql:ident $(, $generic:ident)?) => {
        impl$(<$generic>)? FromSql<$sql, MultiBackend> for $ty
        where
            Self: FromSql<$sql, Sqlite> + FromSql<$sql, Pg>,
        {
            fn from_sql(bytes: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                bytes.from_sql::<Self, $sql>()
            }
        }

        impl$(<$generic>)? ToSql<$sql, MultiBackend> for $ty
        where
            Self: ToSql<$sql, Sqlite> + ToSql<$sql, Pg> + std::fmt::Debug + Send + Sync + 'static,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }
    };
}

/// Implements the traits that let a value stand in a query as an expression of type `$sql`.
macro_rules! stands_in_queries {
    ($ty:ty, $sql:ident $(, $generic:ident)?) => {
        impl$(<$generic>)? diesel::expression::AsExpression<$sql> for $ty {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<'e $(, $generic)?> diesel::expression::AsExpression<$sql> for &'e $ty {
            type Expression = diesel::internal::derives::as_expression::Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl$(<$generic>)? diesel::expression::AsExpression<diesel::sql_types::Nullable<$sql>> for $ty {
            type Expression = diesel::internal::derives::as_expression::Bound<diesel::sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<'e $(, $generic)?> diesel::expression::AsExpression<diesel::sql_types::Nullable<$sql>> for &'e $ty {
            type Expression = diesel::internal::derives::as_expression::Bound<diesel::sql_types::Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                diesel::internal::derives::as_expression::Bound::new(self)
            }
        }
        impl<$($generic,)? __DB> diesel::deserialize::Queryable<$sql, __DB> for $ty
        where
            __DB: Backend,
            Self: FromSql<$sql, __DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
        impl<$($generic,)? __DB> ToSql<diesel::sql_types::Nullable<$sql>, __DB> for $ty
        where
            __DB: Backend,
            Self: ToSql<$sql, __DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, __DB>) -> serialize::Result {
                ToSql::<$sql, __DB>::to_sql(self, out)
            }
        }
    };
}

macro_rules! id_columns {
    ($($ty:ty),* $(,)?) => {$(
        impl ToSql<Id, Sqlite> for $ty {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.to_string());
                Ok(IsNull::No)
            }
        }
        impl ToSql<Id, Pg> for $ty {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.uuid().as_bytes())?;
                Ok(IsNull::No)
            }
        }
        impl FromSql<Id, Sqlite> for $ty {
            fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                let text = <String as FromSql<diesel::sql_types::Text, Sqlite>>::from_sql(bytes)?;
                text.parse().map_err(|_| format!("{text} is no id").into())
            }
        }
        impl FromSql<Id, Pg> for $ty {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::from_uuid(uuid::Uuid::from_slice(bytes.as_bytes())?))
            }
        }
        through_the_enum!($ty, Id);
        stands_in_queries!($ty, Id);
    )*};
}
id_columns!(
    AccountId,
    AssignmentId,
    BookingId,
    CampusId,
    CampusRequestId,
    EventId,
    EventSeriesId,
    ExclusionId,
    LetterId,
    MatchingRunId,
    OfferId,
    OwnerId,
    HoursEntryId,
    PlaceLogId,
    PolicyId,
    PortalId,
    ProposalId,
    RotationId,
    RoleId,
    SessionId,
    SlotId,
    StudentId,
    VolunteerId,
    WaitlistEntryId,
);

/// Microseconds from 1970 to 2000, PostgreSQL's epoch, in seconds.
const PG_EPOCH: i64 = 946_684_800;

impl ToSql<Moment, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.unix());
        Ok(IsNull::No)
    }
}

impl ToSql<Moment, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&((self.unix() - PG_EPOCH) * 1_000_000).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Sqlite> for Instant {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<diesel::sql_types::BigInt, Sqlite>>::from_sql(bytes).map(Self::from_unix)
    }
}

impl FromSql<Moment, Pg> for Instant {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = i64::from_be_bytes(bytes.as_bytes().try_into()?);
        Ok(Self::from_unix(micros.div_euclid(1_000_000) + PG_EPOCH))
    }
}
through_the_enum!(Instant, Moment);
stands_in_queries!(Instant, Moment);

/// A value kept as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize + std::fmt::Debug> ToSql<Document, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Document, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // The binary form of jsonb is its version, 1, and then the text.
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned> FromSql<Document, Sqlite> for Json<T> {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<diesel::sql_types::Text, Sqlite>>::from_sql(bytes)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

impl<T: DeserializeOwned> FromSql<Document, Pg> for Json<T> {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        match bytes.as_bytes() {
            [1, text @ ..] => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("a jsonb of an unknown version".into()),
        }
    }
}
through_the_enum!(Json<T>, Document, T);
stands_in_queries!(Json<T>, Document, T);

/// Makes an enum of the domain, with its `as_str` and `FromStr`, a `text` column.
macro_rules! text_column {
    ($($ty:ty),* $(,)?) => {$(
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::sqlite::Sqlite> for $ty {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::sqlite::Sqlite>,
            ) -> diesel::serialize::Result {
                out.set_value(self.as_str());
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $ty {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $ty
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = String::from_sql(bytes)?;
                text.parse().map_err(|_| format!("{text} is no {}", stringify!($ty)).into())
            }
        }
        text_column!(@stands $ty);
    )*};
    (@stands $ty:ty) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Text, $crate::store::db::MultiBackend> for $ty {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $crate::store::db::MultiBackend>,
            ) -> diesel::serialize::Result {
                out.set_value((diesel::sql_types::Text, self.as_str()));
                Ok(diesel::serialize::IsNull::No)
            }
        }
        $crate::store::columns::stands_in_text_queries!($ty);
    };
}
pub(crate) use text_column;

macro_rules! stands_in_text_queries {
    ($ty:ty) => {
        const _: () = {
            use diesel::backend::Backend;
            use diesel::deserialize::{self, FromSql};
            use diesel::serialize::{self, Output, ToSql};
            use diesel::sql_types::Text;
            $crate::store::columns::stands_in_queries!($ty, Text);
        };
    };
}
pub(crate) use {stands_in_queries, stands_in_text_queries};
