import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

// @prisma/adapter-pg 7.10 rejects the type "char" (18), which the engine reads from the catalogs (pg_constraint.contype).
// It passes as bpchar (1042), its columns are remembered, and they are reported as what the engine expects.
const CHAR = 18;
const BPCHAR = 1_042;

/** Lets results of this process hold columns of the type "char". */
export function admitCatalogChar() {
  const { addFields } = pg.Result.prototype;
  pg.Result.prototype.addFields = function (fields) {
    for (const field of fields) {
      if (field.dataTypeID === CHAR) Object.assign(field, { dataTypeID: BPCHAR, isCatalogChar: true });
    }
    return addFields.call(this, fields);
  };
}

/** Makes an adapter, and the transactions of its kind, report such columns as characters. */
export function reportCatalogChar(adapter) {
  // PgQueryable, which the adapter and its transactions extend.
  const queryable = Object.getPrototypeOf(Object.getPrototypeOf(adapter));
  if (queryable.reportsCatalogChar) return;
  queryable.reportsCatalogChar = true;
  const { performIO, queryRaw } = queryable;
  const charColumns = new WeakMap();

  queryable.performIO = async function (query) {
    const result = await performIO.call(this, query);
    const columns = result.fields.flatMap((field, index) => (field.isCatalogChar ? [index] : []));
    charColumns.set(result.rows, columns);
    return result;
  };
  queryable.queryRaw = async function (query) {
    const result = await queryRaw.call(this, query);
    for (const index of charColumns.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
}
