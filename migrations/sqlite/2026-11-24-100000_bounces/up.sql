-- Addresses that a mail server has refused for good, as a bounce said it. The twin of
-- migrations/postgres/2026-11-24-100000_bounces.

create table bounced_addresses (
    email text not null constraint bounced_addresses_pkey primary key,
    letter_id text not null constraint bounced_addresses_letter_id_fkey references letters (id) on delete cascade,
    said text not null,
    since integer not null
) strict;
create index bounced_addresses_letter on bounced_addresses (letter_id);
