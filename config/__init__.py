"""How the platform is put together for one machine or many: settings, routes, queue, launcher."""
