CREATE TYPE "build_status" AS ENUM ('queued', 'running', 'succeeded', 'failed', 'canceled');
CREATE TYPE "release_status" AS ENUM ('pending', 'succeeded', 'failed');
CREATE TYPE "dyno_state" AS ENUM ('starting', 'up', 'draining', 'stopping', 'crashed', 'down');

CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "password_hash" TEXT,
    "admin" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

CREATE TABLE "tokens" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "scope" TEXT[] DEFAULT ARRAY['global']::TEXT[],
    "expires_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens"("hash");
CREATE INDEX "tokens_user_id_idx" ON "tokens"("user_id");

CREATE TABLE "apps" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "owner_id" UUID NOT NULL,
    "maintenance" BOOLEAN NOT NULL DEFAULT false,
    "buildpacks" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "last_version" INTEGER NOT NULL DEFAULT 0,
    "repo_bytes" BIGINT NOT NULL DEFAULT 0,
    "slug_bytes" BIGINT,
    "crash_reset" TIMESTAMPTZ(6),
    "released_at" TIMESTAMPTZ(6),
    "destroyed_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "apps_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "apps_name_key" ON "apps"("name");
CREATE INDEX "apps_owner_id_idx" ON "apps"("owner_id");

CREATE TABLE "config_sets" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "config_sets_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "config_sets_app_id_idx" ON "config_sets"("app_id");

CREATE TABLE "builds" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "user_id" UUID,
    "number" SERIAL NOT NULL,
    "status" "build_status" NOT NULL DEFAULT 'queued',
    "commit" TEXT NOT NULL,
    "source_path" TEXT,
    "source_bytes" BIGINT NOT NULL DEFAULT 0,
    "buildpacks" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(6),
    "cancel_wanted" BOOLEAN NOT NULL DEFAULT false,
    "failure_code" TEXT,
    "failure_message" TEXT,
    "release_version" INTEGER,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(6),
    CONSTRAINT "builds_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "builds_app_id_number_idx" ON "builds"("app_id", "number");
-- One build of an app at a time, whatever the workers believe.
CREATE UNIQUE INDEX "builds_one_running" ON "builds"("app_id") WHERE "status" = 'running';

CREATE TABLE "slugs" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "build_id" UUID,
    "image" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "process_types" JSONB NOT NULL,
    "health_path" TEXT,
    "language" TEXT NOT NULL DEFAULT '',
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "slugs_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "slugs_build_id_key" ON "slugs"("build_id");
CREATE INDEX "slugs_app_id_idx" ON "slugs"("app_id");

CREATE TABLE "releases" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "status" "release_status" NOT NULL DEFAULT 'pending',
    "description" TEXT NOT NULL,
    "slug_id" UUID,
    "config_id" UUID NOT NULL,
    "user_id" UUID,
    "phase_done" BOOLEAN NOT NULL DEFAULT false,
    "failure_code" TEXT,
    "failure_message" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "releases_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "releases_app_id_version_key" ON "releases"("app_id", "version");

CREATE TABLE "formations" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    "size" TEXT NOT NULL DEFAULT 'Standard-1X',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "formations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "formations_app_id_type_key" ON "formations"("app_id", "type");

CREATE TABLE "hosts" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "engine_url" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "hosts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "hosts_name_key" ON "hosts"("name");

CREATE TABLE "dynos" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "release_id" UUID NOT NULL,
    "host_id" UUID,
    "type" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "state" "dyno_state" NOT NULL DEFAULT 'starting',
    "size" TEXT NOT NULL DEFAULT 'Standard-1X',
    "command" TEXT,
    "container_id" TEXT,
    "address" TEXT,
    "port" INTEGER,
    "wish" TEXT,
    "crashes" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(6),
    "exit_code" INTEGER,
    "reason" TEXT,
    "attach" BOOLEAN NOT NULL DEFAULT false,
    "attach_hash" BYTEA,
    "tty" BOOLEAN NOT NULL DEFAULT false,
    "env" JSONB,
    "state_since" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "dynos_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "dynos_app_id_idx" ON "dynos"("app_id");
CREATE INDEX "dynos_release_id_idx" ON "dynos"("release_id");
CREATE UNIQUE INDEX "dynos_attach_hash_key" ON "dynos"("attach_hash");

CREATE TABLE "domains" (
    "id" UUID NOT NULL,
    "app_id" UUID NOT NULL,
    "hostname" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "domains_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "domains_hostname_key" ON "domains"("hostname");
CREATE INDEX "domains_app_id_idx" ON "domains"("app_id");

CREATE TABLE "answers" (
    "key" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "answers_pkey" PRIMARY KEY ("key")
);
CREATE INDEX "answers_created_at_idx" ON "answers"("created_at");

ALTER TABLE "tokens" ADD CONSTRAINT "tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "apps" ADD CONSTRAINT "apps_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "config_sets" ADD CONSTRAINT "config_sets_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "builds" ADD CONSTRAINT "builds_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "builds" ADD CONSTRAINT "builds_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "slugs" ADD CONSTRAINT "slugs_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "slugs" ADD CONSTRAINT "slugs_build_id_fkey" FOREIGN KEY ("build_id") REFERENCES "builds"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "releases" ADD CONSTRAINT "releases_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "releases" ADD CONSTRAINT "releases_slug_id_fkey" FOREIGN KEY ("slug_id") REFERENCES "slugs"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "releases" ADD CONSTRAINT "releases_config_id_fkey" FOREIGN KEY ("config_id") REFERENCES "config_sets"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "releases" ADD CONSTRAINT "releases_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "formations" ADD CONSTRAINT "formations_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "dynos" ADD CONSTRAINT "dynos_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "dynos" ADD CONSTRAINT "dynos_release_id_fkey" FOREIGN KEY ("release_id") REFERENCES "releases"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "dynos" ADD CONSTRAINT "dynos_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "domains" ADD CONSTRAINT "domains_app_id_fkey" FOREIGN KEY ("app_id") REFERENCES "apps"("id") ON DELETE CASCADE ON UPDATE CASCADE;
