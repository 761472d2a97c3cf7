ALTER TABLE "hosts"
    ADD COLUMN "node_trouble" TEXT,
    ADD COLUMN "strangers" TEXT[] DEFAULT '{}';
