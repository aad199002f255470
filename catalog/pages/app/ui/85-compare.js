function comparePage(app) {}
