-- The tables of the four runbook systems, as far as their runbooks name them. One database holds all four here;
-- they share no table, so each pack works on its own part just as it would on its own database.

CREATE SCHEMA analytics;
CREATE SCHEMA demo;

-- abaco-loans: loan tape, payments, and the audit tables the pipeline writes.
CREATE TABLE loan_tape (
    loan_id             bigint PRIMARY KEY,
    customer_id         bigint NOT NULL,
    segment             text NOT NULL,
    disbursed_at        date NOT NULL,
    principal           numeric(14, 2) NOT NULL,
    outstanding_balance numeric(14, 2) NOT NULL,
    days_past_due       integer NOT NULL DEFAULT 0,
    recovered_90        numeric(14, 2) NOT NULL DEFAULT 0
);

CREATE TABLE payments (
    payment_id bigint PRIMARY KEY,
    loan_id    bigint NOT NULL REFERENCES loan_tape,
    amount     numeric(14, 2) NOT NULL,
    paid_at    timestamptz NOT NULL
);

CREATE TABLE analytics.pipeline_runs (
    run_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline    text NOT NULL,
    status      text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    error_count integer NOT NULL DEFAULT 0
);
CREATE INDEX ON analytics.pipeline_runs (pipeline, started_at DESC);

CREATE TABLE analytics.raw_artifacts (
    artifact_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES analytics.pipeline_runs,
    source      text NOT NULL,
    sha256      text NOT NULL,
    row_count   integer NOT NULL,
    as_of       timestamptz NOT NULL
);
CREATE INDEX ON analytics.raw_artifacts (source, as_of DESC);

CREATE TABLE analytics.kpi_values (
    run_id      bigint NOT NULL REFERENCES analytics.pipeline_runs,
    kpi_name    text NOT NULL,
    segment     text NOT NULL,
    value       double precision,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, kpi_name, segment)
);
CREATE INDEX ON analytics.kpi_values (kpi_name, segment, computed_at DESC);

CREATE TABLE analytics.data_quality_results (
    run_id      bigint NOT NULL REFERENCES analytics.pipeline_runs,
    check_name  text NOT NULL,
    category    text NOT NULL CHECK (category IN ('quality', 'compliance')),
    passed      boolean NOT NULL,
    failed_rows integer NOT NULL DEFAULT 0,
    checked_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, check_name)
);

-- analytics-platform: tenants, ingestion jobs, e-mail jobs and their history, the event tables.
CREATE TABLE tenant_config (
    id           text PRIMARY KEY,
    name         text NOT NULL,
    is_active    boolean NOT NULL DEFAULT true,
    email_config jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE processing_jobs (
    job_id        text PRIMARY KEY,
    tenant_id     text NOT NULL REFERENCES tenant_config,
    status        text NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
    data_types    text[] NOT NULL,
    start_date    date NOT NULL,
    end_date      date NOT NULL,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    completed_at  timestamptz,
    error_message text
);
CREATE INDEX ON processing_jobs (status, created_at);

CREATE TABLE email_sending_jobs (
    job_id        text PRIMARY KEY,
    tenant_id     text NOT NULL REFERENCES tenant_config,
    status        text NOT NULL CHECK (status IN ('queued', 'processing', 'completed', 'failed')),
    total_emails  integer NOT NULL,
    emails_sent   integer NOT NULL,
    emails_failed integer NOT NULL,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    completed_at  timestamptz,
    error_message text
);
CREATE INDEX ON email_sending_jobs (status, created_at);

CREATE TABLE email_send_history (
    id        bigint PRIMARY KEY,
    job_id    text NOT NULL REFERENCES email_sending_jobs,
    tenant_id text NOT NULL REFERENCES tenant_config,
    recipient text NOT NULL,
    status    text NOT NULL CHECK (status IN ('sent', 'failed')),
    sent_at   timestamptz NOT NULL
);
CREATE INDEX ON email_send_history (sent_at);

CREATE TABLE page_view (id bigint PRIMARY KEY, tenant_id text NOT NULL, path text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE add_to_cart (id bigint PRIMARY KEY, tenant_id text NOT NULL, sku text NOT NULL, at timestamptz NOT NULL);
CREATE TABLE purchase (id bigint PRIMARY KEY, tenant_id text NOT NULL, amount numeric(12, 2) NOT NULL, at timestamptz NOT NULL);

-- altaviz: organizations, compressors and their sensors, alerts, billing.
CREATE TABLE organizations (
    id                  text PRIMARY KEY,
    name                text NOT NULL,
    subscription_status text NOT NULL
);

CREATE TABLE compressor_metadata (
    compressor_id   text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    model           text NOT NULL
);

CREATE TABLE sensor_readings (
    compressor_id text NOT NULL REFERENCES compressor_metadata,
    read_at       timestamptz NOT NULL,
    vibration     double precision NOT NULL,
    discharge_temp double precision NOT NULL,
    PRIMARY KEY (compressor_id, read_at)
);

CREATE TABLE alert_history (
    id              bigint PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    compressor_id   text NOT NULL REFERENCES compressor_metadata,
    severity        text NOT NULL CHECK (severity IN ('warning', 'critical')),
    created_at      timestamptz NOT NULL,
    acknowledged_at timestamptz,
    resolved_at     timestamptz
);

CREATE TABLE data_quality_metrics (
    compressor_id   text NOT NULL REFERENCES compressor_metadata,
    organization_id text NOT NULL REFERENCES organizations,
    measured_at     timestamptz NOT NULL,
    quality_score   double precision NOT NULL,
    PRIMARY KEY (compressor_id, measured_at)
);

CREATE TABLE billing_events (
    id              bigint PRIMARY KEY,
    organization_id text NOT NULL REFERENCES organizations,
    stripe_event_id text NOT NULL UNIQUE,
    event_type      text NOT NULL,
    created_at      timestamptz NOT NULL
);
CREATE INDEX ON billing_events (created_at);

-- adinsights: syncs, transformations, snapshots, audit log.
CREATE TABLE tenant_airbyte_sync_status (
    tenant          text NOT NULL,
    connection_id   text NOT NULL,
    last_synced_at  timestamptz,
    last_job_status text NOT NULL,
    PRIMARY KEY (tenant, connection_id)
);

CREATE TABLE airbyte_job_telemetry (
    job_id         bigint PRIMARY KEY,
    tenant         text NOT NULL,
    status         text NOT NULL,
    records_synced bigint NOT NULL,
    started_at     timestamptz NOT NULL,
    duration       interval NOT NULL
);

CREATE TABLE dbt_runs (
    run_id         bigint PRIMARY KEY,
    project        text NOT NULL,
    status         text NOT NULL CHECK (status IN ('success', 'error')),
    models_success integer NOT NULL,
    models_skipped integer NOT NULL,
    models_error   integer NOT NULL,
    completed_at   timestamptz NOT NULL
);

CREATE TABLE metrics_snapshots (
    tenant                text NOT NULL,
    source                text NOT NULL,
    snapshot_generated_at timestamptz,
    PRIMARY KEY (tenant, source)
);

CREATE TABLE accounts_auditlog (
    id            bigint PRIMARY KEY,
    tenant_id     text NOT NULL,
    action        text NOT NULL,
    resource_type text NOT NULL,
    created_at    timestamptz NOT NULL
);
CREATE INDEX ON accounts_auditlog (created_at);

-- The role tocsin measures with: it sees statistics and reads tables, and can change nothing.
GRANT pg_monitor, pg_read_all_data TO tocsin;
