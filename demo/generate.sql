-- Fills the tables. The same rows every time: each "random" figure is a hash of a key; every time is relative to now().

CREATE FUNCTION demo.noise(key text) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT ('x' || substr(md5(key), 1, 8))::bit(32)::bigint / 4294967296.0 $$;

-- One run of the loan pipeline: reads the loan tape and the payments, writes run, artifacts, KPIs and checks.
CREATE FUNCTION demo.run_pipeline(finished timestamptz DEFAULT now(), took interval DEFAULT '4 minutes')
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    run bigint;
BEGIN
    INSERT INTO analytics.pipeline_runs (pipeline, status, started_at, finished_at)
    VALUES ('loan_analytics', 'completed', finished - took, finished) RETURNING run_id INTO run;

    INSERT INTO analytics.raw_artifacts (run_id, source, sha256, row_count, as_of)
    SELECT run, source, md5(source || run) || md5(run || source), rows, finished - took
    FROM (VALUES ('cascade/loan_tape', (SELECT count(*) FROM loan_tape)),
                 ('cascade/payments', (SELECT count(*) FROM payments))) AS artifact (source, rows);

    INSERT INTO analytics.kpi_values (run_id, kpi_name, segment, value, computed_at)
    WITH tape AS (
        SELECT coalesce(segment, 'all') AS segment,
               sum(outstanding_balance) AS outstanding,
               sum(outstanding_balance) FILTER (WHERE days_past_due > 90) AS overdue,
               sum(recovered_90) AS recovered
        FROM loan_tape GROUP BY GROUPING SETS ((segment), ())
    ), collected AS (
        SELECT coalesce(segment, 'all') AS segment, sum(amount) AS amount
        FROM payments JOIN loan_tape USING (loan_id)
        WHERE paid_at > finished - interval '30 days' GROUP BY GROUPING SETS ((segment), ())
    ), kpi AS (
        SELECT segment,
               100 * coalesce(overdue, 0) / outstanding AS par_90,
               100 * coalesce(amount, 0) / outstanding AS collection_rate,
               100 * recovered / nullif(recovered + coalesce(overdue, 0), 0) AS rdr_90
        FROM tape LEFT JOIN collected USING (segment)
    )
    SELECT run, name, segment, value, finished
    FROM kpi CROSS JOIN LATERAL (VALUES
        ('PAR_90', par_90), ('COLLECTION_RATE', collection_rate), ('RDR_90', rdr_90),
        ('PORTFOLIO_HEALTH', greatest(0, 10 - 0.5 * par_90))) AS row (name, value);

    INSERT INTO analytics.data_quality_results (run_id, check_name, category, passed, failed_rows, checked_at)
    SELECT run, name, category, true, 0, finished
    FROM (VALUES ('loan_tape_schema', 'quality'), ('no_negative_balances', 'quality'),
                 ('payments_match_loans', 'quality'), ('pii_masked', 'compliance'),
                 ('retention_respected', 'compliance')) AS checks (name, category);
    RETURN run;
END $$;

-- abaco-loans: 4,000 loans, 12,000 payments, two days of six-hourly runs.
INSERT INTO loan_tape
SELECT i, 1 + i % 900, (ARRAY['consumer', 'sme', 'agro'])[1 + i % 3],
       current_date - (30 + 700 * demo.noise('disbursed' || i))::integer,
       principal, round(principal * (0.2 + 0.7 * demo.noise('left' || i))::numeric, 2),
       CASE WHEN demo.noise('late' || i) < 0.022 THEN 91 + (200 * demo.noise('days' || i))::integer
            WHEN demo.noise('late' || i) < 0.12 THEN 1 + (80 * demo.noise('days' || i))::integer ELSE 0 END,
       CASE WHEN demo.noise('recovered' || i) < 0.1 THEN round(principal * 0.5, 2) ELSE 0 END
FROM generate_series(1, 4000) AS i,
     LATERAL (SELECT round((500 + 9500 * demo.noise('principal' || i))::numeric, 2) AS principal) AS loan;

INSERT INTO payments
SELECT i, 1 + i % 4000, round((20 + 60 * demo.noise('paid' || i))::numeric, 2),
       now() - interval '30 days' * demo.noise('when' || i)
FROM generate_series(1, 12000) AS i;

SELECT demo.run_pipeline(now() - interval '6 hours' * age - interval '20 minutes')
FROM generate_series(8, 0, -1) AS age;

-- analytics-platform: 6 tenants, 600 ingestion jobs and 240 e-mail jobs of the last 30 days, 3,000 e-mails.
INSERT INTO tenant_config
SELECT 'tenant-' || i, 'Shop ' || i, true, jsonb_build_object('server', 'smtp.example.com', 'port', 587)
FROM generate_series(1, 6) AS i;

INSERT INTO processing_jobs
SELECT 'ingest-' || i, 'tenant-' || 1 + i % 6, status, ARRAY['events', 'users'], created::date - 1, created::date,
       created, created + interval '20 seconds', created + interval '9 minutes' * (0.3 + demo.noise('took' || i)),
       CASE status WHEN 'failed' THEN 'BigQuery: quota exceeded' END
FROM generate_series(1, 600) AS i,
     LATERAL (SELECT now() - interval '72 minutes' * i AS created,
                     CASE WHEN i > 5 AND demo.noise('job' || i) < 0.03 THEN 'failed' ELSE 'completed' END AS status) AS job;
INSERT INTO processing_jobs
SELECT 'ingest-live-' || i, 'tenant-' || 1 + i % 6, CASE WHEN i <= 2 THEN 'processing' ELSE 'queued' END,
       ARRAY['events'], current_date - 1, current_date, now() - interval '1 minute' * i,
       CASE WHEN i <= 2 THEN now() - interval '1 minute' * i + interval '20 seconds' END, NULL, NULL
FROM generate_series(1, 4) AS i;

INSERT INTO email_sending_jobs
SELECT 'mail-' || i, 'tenant-' || 1 + i % 6, 'completed', 50, 50, 0, created, created + interval '5 seconds',
       created + interval '2 minutes', NULL
FROM generate_series(1, 240) AS i, LATERAL (SELECT now() - interval '3 hours' * i AS created) AS job;

INSERT INTO email_send_history
SELECT i, 'mail-' || 1 + i % 240, 'tenant-' || 1 + (1 + i % 240) % 6, 'customer' || i % 700 || '@example.com',
       CASE WHEN demo.noise('mail' || i) < 0.01 THEN 'failed' ELSE 'sent' END,
       now() - interval '30 days' * demo.noise('sent' || i)
FROM generate_series(1, 3000) AS i;

INSERT INTO page_view
SELECT i, 'tenant-' || 1 + i % 6, '/product/' || i % 50, now() - interval '1 day' * demo.noise('view' || i)
FROM generate_series(1, 3000) AS i;
INSERT INTO add_to_cart
SELECT i, 'tenant-' || 1 + i % 6, 'sku-' || i % 50, now() - interval '1 day' * demo.noise('cart' || i)
FROM generate_series(1, 600) AS i;
INSERT INTO purchase
SELECT i, 'tenant-' || 1 + i % 6, round((10 + 90 * demo.noise('amount' || i))::numeric, 2),
       now() - interval '1 day' * demo.noise('purchase' || i)
FROM generate_series(1, 200) AS i;

-- altaviz: 4 compressors of 2 organizations, a week of ten-minute readings, alerts, billing.
INSERT INTO organizations VALUES ('org-permian', 'Permian Gas', 'active'), ('org-eagle', 'Eagle Ford Compression', 'active');
INSERT INTO compressor_metadata
SELECT 'COMP-00' || i, CASE WHEN i % 2 = 0 THEN 'org-eagle' ELSE 'org-permian' END, 'Ariel JGK/4'
FROM generate_series(1, 4) AS i;
INSERT INTO sensor_readings
SELECT compressor_id, now() - interval '10 minutes' * i, 3 + demo.noise(compressor_id || 'v' || i),
       210 + 20 * demo.noise(compressor_id || 't' || i)
FROM compressor_metadata, generate_series(0, 1007) AS i;
INSERT INTO alert_history
SELECT i, organization_id, compressor_id, CASE WHEN i % 5 = 0 THEN 'critical' ELSE 'warning' END, created,
       created + interval '25 minutes', created + interval '2 hours'
FROM generate_series(1, 120) AS i
JOIN compressor_metadata ON compressor_id = 'COMP-00' || 1 + i % 4,
     LATERAL (SELECT now() - interval '80 minutes' * i - interval '3 hours' AS created) AS alert;
INSERT INTO data_quality_metrics
SELECT compressor_id, organization_id, now() - interval '1 hour' * i, 0.97 + 0.03 * demo.noise(compressor_id || 'q' || i)
FROM compressor_metadata, generate_series(0, 167) AS i;
INSERT INTO billing_events
SELECT i, CASE WHEN i % 2 = 0 THEN 'org-eagle' ELSE 'org-permian' END, 'evt_' || substr(md5('event' || i), 1, 14),
       (ARRAY['invoice.paid', 'customer.subscription.updated', 'invoice.finalized'])[1 + i % 3],
       now() - interval '2 hours' * i + interval '90 minutes'
FROM generate_series(1, 180) AS i;

-- adinsights: 5 tenants with two syncs each, dbt, snapshots, a year of audit log.
INSERT INTO tenant_airbyte_sync_status
SELECT 'tenant-' || tenant, source, now() - interval '1 minute' * (5 + 25 * demo.noise(tenant || source)), 'succeeded'
FROM (VALUES ('acme'), ('borealis'), ('cobalt'), ('delta'), ('ember')) AS tenants (tenant), (VALUES ('meta'), ('google')) AS sources (source);
INSERT INTO airbyte_job_telemetry
SELECT i, 'tenant-' || (ARRAY['acme', 'borealis', 'cobalt', 'delta', 'ember'])[1 + i % 5],
       CASE WHEN demo.noise('sync' || i) < 0.02 THEN 'failed' ELSE 'succeeded' END,
       (5000 * demo.noise('records' || i))::bigint, now() - interval '12 minutes' * i,
       interval '1 second' * (30 + (200 * demo.noise('duration' || i))::integer)
FROM generate_series(1, 600) AS i;
INSERT INTO dbt_runs
SELECT i, 'adinsights', 'success', 42, 1, 0, now() - interval '24 hours' * (i - 1) - interval '5 hours'
FROM generate_series(1, 30) AS i;
INSERT INTO metrics_snapshots
SELECT DISTINCT tenant, 'warehouse', now() - interval '1 minute' * (3 + 20 * demo.noise('snapshot' || tenant))
FROM tenant_airbyte_sync_status;
INSERT INTO accounts_auditlog
SELECT i, 'tenant-' || (ARRAY['acme', 'borealis', 'cobalt', 'delta', 'ember'])[1 + i % 5],
       (ARRAY['login', 'credential_update', 'sync_trigger', 'role_change'])[1 + i % 4], 'account',
       now() - interval '360 days' * demo.noise('audit' || i)
FROM generate_series(1, 2000) AS i;

ANALYZE;
