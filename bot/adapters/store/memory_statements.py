"""SQL over the index of memories, in the words of each database."""

from sqlalchemy import TextClause, bindparam, text

NUMBERS = {
    "sqlite": "SELECT value FROM json_each(:numbers)",
    "postgresql": "SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(:numbers AS JSON))",
}
"""A list of numbers as one parameter: lists differ in length, and each length would be another statement to prepare."""
FIND = {
    "sqlite": "SELECT doc AS memory, CAST(value AS INTEGER) AS worth FROM json_each(:worths)"
    " CROSS JOIN devflow_memory_index_terms ON term = key",
    "postgresql": "SELECT rowid AS memory, CAST(value AS BIGINT) AS worth FROM json_each_text(CAST(:worths AS JSON))"
    " CROSS JOIN LATERAL (SELECT rowid FROM devflow_memory_index WHERE terms @@ CAST(key AS TSQUERY)) AS having_it",
}
"""Each memory that has a term, with the term's worth."""


def for_each(statement: str) -> dict[str, TextClause]:
    """The statement for both databases, by dialect."""
    return {
        dialect: text(statement.replace("{numbers}", NUMBERS[dialect]).replace("{find}", FIND[dialect]))
        for dialect in NUMBERS
    }


USE_THE_INDEX = text("SET LOCAL enable_seqscan = off")
"""PostgreSQL guesses that it is as quick to read all the terms of a small table, and does so for each term."""
COUNT = {
    "sqlite": text(
        "INSERT INTO devflow_memory_terms (term, memories) SELECT value, 1 FROM json_each(:numbers) WHERE true"
        " ON CONFLICT (term) DO UPDATE SET memories = memories + 1"
    ),
    "postgresql": text(
        "INSERT INTO devflow_memory_terms AS t (term, memories)"
        " SELECT CAST(value AS BIGINT), 1 FROM json_array_elements_text(CAST(:numbers AS JSON))"
        " ON CONFLICT (term) DO UPDATE SET memories = t.memories + 1"
    ),
}
DISCOUNT = for_each("UPDATE devflow_memory_terms SET memories = memories - 1 WHERE term IN ({numbers})")
CLEAN_UP = for_each("DELETE FROM devflow_memory_terms WHERE memories < 1 AND term IN ({numbers})")
FREQUENCIES = for_each("SELECT term, memories FROM devflow_memory_terms WHERE term IN ({numbers})")
PUT = {
    "sqlite": text("INSERT INTO devflow_memory_index (rowid, terms) VALUES (:memory, :words)"),
    "postgresql": text(
        "INSERT INTO devflow_memory_index (rowid, terms)"
        " VALUES (:memory, array_to_tsvector(string_to_array(:words, ' ')))"
    ),
}
DROP = {
    "sqlite": text(
        "INSERT INTO devflow_memory_index (devflow_memory_index, rowid, terms) VALUES ('delete', :memory, :words)"
    ),
    "postgresql": text("DELETE FROM devflow_memory_index WHERE rowid = :memory AND CAST(:words AS TEXT) IS NOT NULL"),
}
BEST = for_each(
    "SELECT memory FROM ({find}) AS found GROUP BY memory ORDER BY sum(worth) DESC, memory DESC LIMIT :most"
)
BEST_OF_KINDS = {
    dialect: statement.bindparams(bindparam("kinds", expanding=True))
    for dialect, statement in for_each(
        "SELECT memory FROM ({find}) AS found JOIN devflow_memories ON seq = memory WHERE kind IN :kinds"
        " GROUP BY memory ORDER BY sum(worth) DESC, memory DESC LIMIT :most"
    ).items()
}
MARK = text("INSERT INTO devflow_memory_marks (mark, memory) VALUES (:mark, :memory)")
MARKED = for_each(
    "SELECT DISTINCT memory FROM ({numbers}) AS asked JOIN devflow_memory_marks AS marks ON mark = value AND memory >="
    " coalesce((SELECT memory FROM devflow_memory_marks AS newer WHERE newer.mark = marks.mark"
    " ORDER BY memory DESC LIMIT 1 OFFSET :most - 1), 0)"
)
"""For each of the marks the newest memories that have it."""
FETCH = for_each("SELECT memory, postings FROM devflow_memory_postings WHERE memory IN ({numbers})")
KEEP = text("INSERT INTO devflow_memory_postings (memory, postings) VALUES (:memory, :postings)")
KEPT = text("SELECT postings FROM devflow_memory_postings WHERE memory = :memory")
LOSE = text("DELETE FROM devflow_memory_postings WHERE memory = :memory")
GROW = text(
    "UPDATE devflow_memory_scopes SET memories = memories + :memories, length = length + :length WHERE number = :scope"
)
