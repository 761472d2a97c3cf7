ALTER TABLE "hosts"
    ADD COLUMN "memory_used_mib" INTEGER,
    ADD COLUMN "cpus_used" DOUBLE PRECISION;
