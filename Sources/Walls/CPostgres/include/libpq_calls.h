// SPDX-License-Identifier: Apache-2.0
//
// The types of the few calls of libpq that StoreSQL makes. The library is loaded at run time, so nothing here is linked:
// each type is that of the function that dlsym finds under the name beside it. The C interface of libpq 5 has not changed
// since PostgreSQL 7.4, and the values below are written down in its documentation or headers as fixed.
#pragma once
#include <stddef.h>

#pragma clang assume_nonnull begin

/// A connection.
typedef struct pq_connection pq_connection;
/// The answer to one statement.
typedef struct pq_result pq_result;
/// The number of a type of PostgreSQL.
typedef unsigned int pq_oid;

/// One part of a connection's URL; the array of them ends with one without a keyword.
typedef struct pq_option {
    const char *_Nullable keyword;
    const char *_Nullable variable;
    const char *_Nullable compiled;
    /// What the URL says; NULL where it says nothing.
    const char *_Nullable value;
    const char *_Nullable label;
    const char *_Nullable display;
    int display_size;
} pq_option;

enum {
    /// What PQstatus says of a connection that can be used.
    pq_connection_ok = 0,
    /// What PQtransactionStatus says of a transaction that goes on.
    pq_in_transaction = 2,
    /// What PQresultStatus says of a statement that gives no rows.
    pq_command_done = 1,
    /// What PQresultStatus says of a statement that gives rows.
    pq_rows_given = 2,
    /// Fields of an error: its SQLSTATE and its main sentence. Others may hold values.
    pq_field_state = 'C',
    pq_field_message = 'M',
};

typedef const char *_Nullable const *_Nonnull pq_texts;

// Connections.

/// PQconninfoParse: NULL for what is no URL, with the reason, which may quote the password.
typedef pq_option *_Nullable (*pq_parse_url)(const char *url, char *_Nullable *_Nonnull reason);
/// PQconninfoFree.
typedef void (*pq_free_options)(pq_option *options);
/// PQfreemem.
typedef void (*pq_free_memory)(void *_Nullable memory);
/// PQconnectdbParams. NULL only without memory; whether it is connected, PQstatus says.
typedef pq_connection *_Nullable (*pq_connect)(pq_texts keywords, pq_texts values, int expands_url);
/// PQfinish.
typedef void (*pq_finish)(pq_connection *connection);
/// PQstatus.
typedef int (*pq_status)(const pq_connection *connection);
/// PQtransactionStatus.
typedef int (*pq_transaction_status)(const pq_connection *connection);
/// PQerrorMessage.
typedef const char *_Nonnull (*pq_error_message)(const pq_connection *connection);
/// PQparameterStatus: what the server has told of one of its settings.
typedef const char *_Nullable (*pq_parameter_status)(const pq_connection *connection, const char *name);
/// PQconsumeInput: reads what has come, without waiting. 0 when the connection is gone.
typedef int (*pq_consume_input)(pq_connection *connection);
/// PQisBusy: interprets what was read.
typedef int (*pq_is_busy)(pq_connection *connection);
/// PQsocket: -1 without a connection.
typedef int (*pq_socket)(const pq_connection *connection);
/// PQnotifies: a notification that has come, to be freed; NULL for none. What is in it is not looked at.
typedef void *_Nullable (*pq_notifications)(pq_connection *connection);
/// PQsetNoticeProcessor.
typedef void (*pq_notice_processor)(void *_Nullable context, const char *_Nullable message);
typedef pq_notice_processor _Nullable (*pq_set_notice_processor)(pq_connection *connection,
                                                                 pq_notice_processor processor,
                                                                 void *_Nullable context);

// Statements.

/// PQexec.
typedef pq_result *_Nullable (*pq_execute)(pq_connection *connection, const char *statements);
/// PQprepare.
typedef pq_result *_Nullable (*pq_prepare)(pq_connection *connection, const char *name, const char *statement,
                                           int count, const pq_oid *_Nullable types);
/// PQexecPrepared.
typedef pq_result *_Nullable (*pq_run_prepared)(pq_connection *connection, const char *name, int count,
                                                pq_texts values, const int *lengths, const int *formats,
                                                int answer_format);
/// PQexecParams.
typedef pq_result *_Nullable (*pq_run)(pq_connection *connection, const char *statement, int count,
                                       const pq_oid *_Nullable types, pq_texts values, const int *lengths,
                                       const int *formats, int answer_format);

// Answers.

/// PQclear.
typedef void (*pq_clear)(pq_result *_Nullable result);
/// PQresultStatus.
typedef int (*pq_result_status)(const pq_result *_Nullable result);
/// PQresultErrorField.
typedef const char *_Nullable (*pq_error_field)(const pq_result *result, int field);
/// PQcmdStatus: the word for what was done, such as COMMIT.
typedef const char *_Nonnull (*pq_command_word)(pq_result *result);
/// PQntuples and PQnfields.
typedef int (*pq_count)(const pq_result *result);
/// PQfname.
typedef const char *_Nullable (*pq_column_name)(const pq_result *result, int column);
/// PQftype.
typedef pq_oid (*pq_column_type)(const pq_result *result, int column);
/// PQgetisnull and PQgetlength.
typedef int (*pq_cell_number)(const pq_result *result, int row, int column);
/// PQgetvalue.
typedef const char *_Nullable (*pq_cell)(const pq_result *result, int row, int column);

#pragma clang assume_nonnull end
