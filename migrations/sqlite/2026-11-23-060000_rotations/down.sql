drop table rotations;
