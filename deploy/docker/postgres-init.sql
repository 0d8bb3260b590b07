-- SPDX-License-Identifier: Apache-2.0
-- Run once by the official PostgreSQL image on an empty volume; as deploy/local does it.
CREATE ROLE citybrain LOGIN CREATEROLE;
CREATE DATABASE citybrain OWNER citybrain;
