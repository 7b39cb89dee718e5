-- The state patches that spans tell of: one for each set_state event with a patch. What the decoder made of them is told to
-- the letter where derived_patch_count is above 0; PatchDecoder says when.
SELECT
  trace_id || ':' || span_id || ':' || event_index AS patch_id,
  service_name,
  trace_id,
  span_id,
  coalesce(
    sent_workflow_id,
    CASE WHEN junjo_span_type IN ('workflow', 'subflow') THEN junjo_id ELSE junjo_parent_id END,
    ''
  ) AS workflow_id,
  coalesce(sent_node_id, junjo_id, '') AS node_id,
  make_timestamptz((event."timeUnixNano" // 1000)::BIGINT) AS event_time,
  event.attributes."junjo.state_json_patch"::JSON AS patch_json,
  coalesce(event.attributes."junjo.store.id", '') AS patch_store_id
FROM (
  SELECT * EXCLUDE (events), unnest(events) AS event, generate_subscripts(events, 1) - 1 AS event_index
  FROM (
    SELECT
      trace_id,
      span_id,
      service_name,
      junjo_id,
      junjo_parent_id,
      junjo_span_type,
      sent_workflow_id,
      sent_node_id,
      from_json(
        events_json,
        '[{
          "name": "VARCHAR",
          "timeUnixNano": "UBIGINT",
          "attributes": {"junjo.state_json_patch": "VARCHAR", "junjo.store.id": "VARCHAR"}
        }]'
      ) AS events
    FROM /*spans*/
    WHERE derived_patch_count > 0
  )
)
WHERE event.name = 'set_state' AND event.attributes."junjo.state_json_patch" IS NOT NULL
