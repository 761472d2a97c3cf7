const express = require('express')
const { groupBy, sumBy } = require('lodash')
const orders = require('../data/orders.json')

const router = express.Router()
router.get('/', (req, res) => res.json(orders.slice(0, Number(req.query.limit) || 20)))
router.get('/by-country', (_req, res) => {
  const groups = groupBy(orders, 'country')
  res.json(Object.fromEntries(Object.entries(groups).map(([country, list]) => [country, sumBy(list, 'cents')])))
})
router.get('/:id', (req, res) => {
  const order = orders.find(({ id }) => id === Number(req.params.id))
  if (order) res.json(order)
  else res.status(404).json({ error: 'There is no such order.' })
})
module.exports = router
