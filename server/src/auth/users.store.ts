import type { PrismaClient } from '../database/generated/client.ts';
import type { Role } from './permissions.ts';

export type StoredUser = { id: string; email: string; role: Role; organization: { id: string; name: string } };

const visible = { id: true, email: true, role: true, organization: { select: { id: true, name: true } } } as const;

/** People in the database. */
export function createUserStore(prisma: PrismaClient) {
  return {
    async withId(id: string): Promise<StoredUser | undefined> {
      return (await prisma.user.findUnique({ where: { id }, select: visible })) ?? undefined;
    },

    /** With the hash of the password; for signing in only. */
    async withEmail(email: string): Promise<(StoredUser & { passwordHash: string }) | undefined> {
      const where = { email: email.toLowerCase() };
      return (await prisma.user.findUnique({ where, select: { ...visible, passwordHash: true } })) ?? undefined;
    },

    async organization(id: string): Promise<{ id: string; name: string } | undefined> {
      return (await prisma.organization.findUnique({ where: { id }, select: { id: true, name: true } })) ?? undefined;
    },
  };
}

export type UserStore = ReturnType<typeof createUserStore>;
