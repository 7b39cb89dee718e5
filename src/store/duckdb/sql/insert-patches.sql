INSERT OR IGNORE INTO state_patches
SELECT * FROM staged_patches WHERE patch_id NOT IN (SELECT unnest($refused::VARCHAR[]));
