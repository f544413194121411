# Replace names and ids, and remove what you do not need.
web     = { site = { display_name = "Site", recaptcha_enterprise_site_key = "6Lexample" } }
android = { app = { display_name = "App", package_name = "com.example.app", sha256_hashes = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] } }
apple   = { app = { display_name = "App", bundle_id = "com.example.app", team_id = "ABCDE12345" } }
