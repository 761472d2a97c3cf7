CREATE TABLE "execs" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "dyno_id" UUID NOT NULL,
    "attach_hash" BYTEA NOT NULL,
    "command" TEXT,
    "tty" BOOLEAN NOT NULL,
    "env" JSONB NOT NULL DEFAULT '{}',
    "started_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "execs_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "execs_attach_hash_key" ON "execs"("attach_hash");
CREATE INDEX "execs_app_id_idx" ON "execs"("app_id");
CREATE INDEX "execs_dyno_id_idx" ON "execs"("dyno_id");
ALTER TABLE "execs" ADD CONSTRAINT "execs_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "execs" ADD CONSTRAINT "execs_dyno_id_fkey" FOREIGN KEY ("dyno_id") REFERENCES "dynos"("id") ON DELETE CASCADE ON UPDATE CASCADE;
CREATE TRIGGER "execs_term" BEFORE INSERT OR UPDATE OR DELETE ON "execs" FOR EACH STATEMENT EXECUTE FUNCTION "paas_check_term"();
