-- Segments of format 2 have most state patches in the events of their spans alone, where earlier releases do not look.
COMMENT ON TABLE segments IS 'segments of formats 1 and 2';
