// A user's mail tool: it lists a Maildir, and deletes from it.

import fs from "node:fs/promises"
import path from "node:path"

const text = (said) => ({ content: [{ type: "text", text: said }], details: { said } })

function register(api) {
  const folder = path.join(api.pluginConfig.maildir, "cur")
  api.registerTool({
    name: "mail_list",
    description: "List the messages in the inbox.",
    parameters: { type: "object", properties: {} },
    execute: async () => text((await fs.readdir(folder)).sort().join("\n")),
  })
  api.registerTool({
    name: "mail_delete",
    description: "Delete one message from the inbox.",
    parameters: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    execute: async (_id, { name }) => {
      await fs.unlink(path.join(folder, path.basename(name)))
      return text(`deleted ${name}`)
    },
  })
}

export default { id: "mail", name: "Mail", register }
