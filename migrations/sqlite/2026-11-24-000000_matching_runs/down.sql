-- Forgets the runs. Their proposals stay.

drop table matching_run_campuses;
drop table matching_runs;
