-- Forgets which addresses bounced. The letters stay as they are.

drop table bounced_addresses;
