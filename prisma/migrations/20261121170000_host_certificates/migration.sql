ALTER TABLE "hosts"
    ADD COLUMN "server_certificate" JSONB,
    ADD COLUMN "renewals" JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN "restart_until" TIMESTAMPTZ(6);
