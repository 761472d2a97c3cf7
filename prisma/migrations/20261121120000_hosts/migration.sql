CREATE TYPE "host_condition" AS ENUM ('joining', 'up', 'sick', 'lost', 'failed');

ALTER TABLE "hosts"
    ADD COLUMN "local" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "credentials" BYTEA,
    ADD COLUMN "number" INTEGER NOT NULL,
    ADD COLUMN "cordoned" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "draining" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "remove_wanted" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "labels" JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN "condition" "host_condition" NOT NULL DEFAULT 'joining',
    ADD COLUMN "condition_since" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    ADD COLUMN "reason" TEXT,
    ADD COLUMN "steps" JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN "flaps" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "distrust_until" TIMESTAMPTZ(6),
    ADD COLUMN "last_seen" TIMESTAMPTZ(6),
    ADD COLUMN "engine_version" TEXT,
    ADD COLUMN "memory_mib" INTEGER,
    ADD COLUMN "cpus" INTEGER,
    ADD COLUMN "disk_free" BIGINT,
    ADD COLUMN "disk_total" BIGINT,
    ADD COLUMN "link_key" TEXT;
CREATE UNIQUE INDEX "hosts_link_key_key" ON "hosts"("link_key");
CREATE UNIQUE INDEX "hosts_number_key" ON "hosts"("number");
-- One machine is the platform's own.
CREATE UNIQUE INDEX "hosts_local_key" ON "hosts"("local") WHERE "local";
CREATE INDEX "dynos_host_id_idx" ON "dynos"("host_id");

ALTER TABLE "formations"
    ADD COLUMN "on" JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN "strategy" TEXT NOT NULL DEFAULT 'spread',
    ADD COLUMN "singleton" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "leaderships" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "term" INTEGER NOT NULL,
    "lease_until" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "leaderships_pkey" PRIMARY KEY ("name")
);

-- The fence: a connection that says which term it leads in (`-c paas.term=3`) may write only while that term lasts.
-- The row's lock keeps the next leader from claiming in the middle of such a write.
CREATE FUNCTION "paas_check_term"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF COALESCE(current_setting('paas.term', true), '') <> '' THEN
        PERFORM 1 FROM "leaderships"
          WHERE "name" = 'scheduler' AND "term" = current_setting('paas.term')::integer FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'fenced: another scheduler leads' USING ERRCODE = 'PF001';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "dynos_term" BEFORE INSERT OR UPDATE OR DELETE ON "dynos" FOR EACH STATEMENT EXECUTE FUNCTION "paas_check_term"();
CREATE TRIGGER "releases_term" BEFORE INSERT OR UPDATE OR DELETE ON "releases" FOR EACH STATEMENT EXECUTE FUNCTION "paas_check_term"();
CREATE TRIGGER "hosts_term" BEFORE INSERT OR UPDATE OR DELETE ON "hosts" FOR EACH STATEMENT EXECUTE FUNCTION "paas_check_term"();
